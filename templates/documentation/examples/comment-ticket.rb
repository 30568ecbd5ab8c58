require 'net/http'
require 'json'

uri = URI("https://bugs.example.com/api/v1/tickets/#{ENV['TICKET_ID']}/comments")
comment = { content: 'It happens on the staging server too.' }
answer = Net::HTTP.post(uri, { comment: comment }.to_json,
                        'Authorization' => "Bearer #{ENV['BUGTOME_TOKEN']}",
                        'Content-Type' => 'application/json')
puts JSON.parse(answer.body)['id']
