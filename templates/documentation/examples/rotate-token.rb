require 'net/http'
require 'json'

uri = URI('https://bugs.example.com/api/v1/tokens/current/rotate')
answer = Net::HTTP.post(uri, { overlap_seconds: 3600 }.to_json,
                        'Authorization' => "Bearer #{ENV['BUGTOME_TOKEN']}",
                        'Idempotency-Key' => Time.now.strftime('%F'),
                        'Content-Type' => 'application/json')
puts JSON.parse(answer.body)['token']
