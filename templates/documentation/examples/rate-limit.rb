require 'net/http'

uri = URI('https://bugs.example.com/api/v1/tickets')
answer = Net::HTTP.get_response(uri, 'Authorization' => "Bearer #{ENV['BUGTOME_TOKEN']}")
sleep answer['Retry-After'].to_i if answer.code == '429'
puts "#{answer['X-RateLimit-Remaining']} left"
