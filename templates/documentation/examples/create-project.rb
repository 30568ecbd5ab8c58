require 'net/http'
require 'json'

id = ENV['ORGANIZATION_ID']
uri = URI("https://bugs.example.com/api/v1/mcp/organizations/#{id}/projects")
answer = Net::HTTP.post(uri, { project: { name: 'Mobile app', code: 'APP' } }.to_json,
                        'Authorization' => "Bearer #{ENV['BUGTOME_TOKEN']}",
                        'Content-Type' => 'application/json')
puts JSON.parse(answer.body)['id']
