require 'net/http'
require 'json'

uri = URI("https://bugs.example.com/api/v1/tickets/#{ENV['TICKET_ID']}/events")
answer = Net::HTTP.get(uri, 'Authorization' => "Bearer #{ENV['BUGTOME_TOKEN']}")
JSON.parse(answer).each do |event|
  puts "#{event['created_at']} #{event['event']} #{event.dig('actor', 'name')}"
end
