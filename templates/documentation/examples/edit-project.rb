require 'net/http'
require 'json'

uri = URI("https://bugs.example.com/api/v1/projects/#{ENV['PROJECT_ID']}")
project = { description: 'The shop until spring', archived: true }
Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == 'https') do |http|
  answer = http.patch(uri.path, { project: project }.to_json,
                      'Authorization' => "Bearer #{ENV['BUGTOME_TOKEN']}",
                      'Content-Type' => 'application/json')
  puts JSON.parse(answer.body)['archived_at']
end
