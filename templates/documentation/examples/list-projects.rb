require 'net/http'
require 'json'

def get(path)
  JSON.parse(Net::HTTP.get(URI("https://bugs.example.com/api/v1/mcp/organizations#{path}"),
                           'Authorization' => "Bearer #{ENV['BUGTOME_TOKEN']}"))
end
get('')['organizations'].each do |organization|
  get("/#{organization['id']}/projects")['projects'].each do |project|
    puts [organization['name'], project['code'], project['name'], project['open_tickets_count']].join(' ')
  end
end
