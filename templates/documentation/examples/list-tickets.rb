require 'net/http'
require 'json'

uri = URI('https://bugs.example.com/api/v1/tickets')
answer = Net::HTTP.get(uri, 'Authorization' => "Bearer #{ENV['BUGTOME_TOKEN']}")
JSON.parse(answer).each { |ticket| puts "#{ticket['code']} #{ticket['title']}" }
