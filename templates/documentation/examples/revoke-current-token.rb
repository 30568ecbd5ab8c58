require 'net/http'

uri = URI('https://bugs.example.com/api/v1/tokens/current')
request = Net::HTTP::Delete.new(uri, 'Authorization' => "Bearer #{ENV['BUGTOME_TOKEN']}")
secure = uri.scheme == 'https'
puts Net::HTTP.start(uri.host, uri.port, use_ssl: secure) { |http| http.request(request).code }
