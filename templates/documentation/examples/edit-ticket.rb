require 'net/http'
require 'json'

uri = URI("https://bugs.example.com/api/v1/tickets/#{ENV['TICKET_ID']}")
headers = { 'Authorization' => "Bearer #{ENV['BUGTOME_TOKEN']}" }
Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == 'https') do |http|
  headers['If-Match'] = http.get(uri.path, headers)['ETag']
  headers['Content-Type'] = 'application/json'
  answer = http.patch(uri.path, { ticket: { status: 'resolved' } }.to_json, headers)
  puts answer.code == '412' ? 'somebody else was faster' : JSON.parse(answer.body)['status']
end
