require 'net/http'
require 'json'

uri = URI("https://bugs.example.com/api/v1/tickets/#{ENV['TICKET_ID']}")
headers = { 'Authorization' => "Bearer #{ENV['BUGTOME_TOKEN']}" }
Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == 'https') do |http|
  http.delete(uri.path, headers)
  # Within 30 days it can be had back:
  headers['Content-Type'] = 'application/json'
  puts JSON.parse(http.post("#{uri.path}/restore", '{}', headers).body)['code']
end
