require 'net/http'
require 'json'

path = '/api/v1/tickets?per_page=100'
while path
  answer = Net::HTTP.get_response(URI("https://bugs.example.com#{path}"),
                                  'Authorization' => "Bearer #{ENV['BUGTOME_TOKEN']}")
  JSON.parse(answer.body).each { |ticket| puts "#{ticket['code']} #{ticket['title']}" }
  path = answer['Link'].to_s[/<(.*)>; rel="next"/, 1]
end
