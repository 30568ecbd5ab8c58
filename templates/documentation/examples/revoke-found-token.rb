require 'net/http'
require 'json'

uri = URI('https://bugs.example.com/api/v1/tokens/revoke')
answer = Net::HTTP.post(uri, { token: ENV['FOUND_TOKEN'] }.to_json,
                        'Content-Type' => 'application/json')
puts answer.code
