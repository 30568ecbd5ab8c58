require 'net/http'
require 'json'

uri = URI('https://bugto.me/api/v1/tickets')
http = Net::HTTP.new(uri.host, uri.port)
http.use_ssl = true

request = Net::HTTP::Get.new(uri)
request['Authorization'] = 'Bearer pk_your_api_token'
request['Content-Type'] = 'application/json'

response = http.request(request)
tickets = JSON.parse(response.body)
