require 'net/http'
require 'json'

ticket = { project_id: ENV['PROJECT_ID'], priority: 'high',
           title: 'Checkout forgets the coupon after signing in',
           given: 'a basket with a valid coupon, and nobody signed in',
           when: 'the customer signs in during checkout', then: 'the coupon is gone from the basket' }
headers = { 'Authorization' => "Bearer #{ENV['BUGTOME_TOKEN']}",
            'Content-Type' => 'application/json', 'Idempotency-Key' => 'nightly-2024-01-15' }
uri = URI('https://bugs.example.com/api/v1/tickets')
puts JSON.parse(Net::HTTP.post(uri, { ticket: ticket }.to_json, headers).body)['code']
