require 'net/http'
require 'json'

id = ENV['ORGANIZATION_ID']
uri = URI("https://bugs.example.com/api/v1/mcp/organizations/#{id}/members")
answer = Net::HTTP.get(uri, 'Authorization' => "Bearer #{ENV['BUGTOME_TOKEN']}")
JSON.parse(answer)['members'].each { |member| puts "#{member['name']} #{member['role']}" }
