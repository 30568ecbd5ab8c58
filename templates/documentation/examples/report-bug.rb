require 'net/http'
require 'json'

uri = URI('https://bugs.example.com/api/v1/tickets')
ticket = { title: 'The build is red', given: 'a clean checkout of main',
           when: 'the tests are run', then: 'one of them fails' }
answer = Net::HTTP.post(uri, { ticket: ticket }.to_json,
                        'Authorization' => "Bearer #{ENV['BUGTOME_TOKEN']}",
                        'Content-Type' => 'application/json')
puts JSON.parse(answer.body)['code']
