require 'net/http'
require 'json'

uri = URI('https://bugs.example.com/api/v1/tickets')
answer = Net::HTTP.post(uri, { ticket: { title: '', given: 'too short' } }.to_json,
                        'Authorization' => "Bearer #{ENV['BUGTOME_TOKEN']}",
                        'Content-Type' => 'application/json')
unless answer.is_a?(Net::HTTPSuccess)
  error = JSON.parse(answer.body)
  puts "#{answer.code} #{error['error']}: #{error['message']} #{error['details']}"
end
