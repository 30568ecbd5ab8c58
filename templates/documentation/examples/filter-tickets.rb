require 'net/http'
require 'json'

uri = URI('https://bugs.example.com/api/v1/tickets')
uri.query = URI.encode_www_form(status: 'open,in_progress', priority: 'high,critical',
                                q: 'coupon', sort: '-updated_at', per_page: 50)
answer = Net::HTTP.get_response(uri, 'Authorization' => "Bearer #{ENV['BUGTOME_TOKEN']}")
puts "#{answer['X-Total-Count']} in all"
JSON.parse(answer.body).each { |ticket| puts "#{ticket['code']} #{ticket['title']}" }
