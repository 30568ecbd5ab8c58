require 'net/http'
require 'json'

uri = URI('https://bugs.example.com/api/v1/tokens/current')
answer = Net::HTTP.get(uri, 'Authorization' => "Bearer #{ENV['BUGTOME_TOKEN']}")
token = JSON.parse(answer)
puts "#{token['name']} (#{token['scopes'].join(',')}) ends #{token['expires_at'] || 'never'}"
