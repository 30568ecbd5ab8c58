const response = await fetch('https://bugto.me/api/v1/tickets', {
  headers: {
    'Authorization': 'Bearer pk_your_api_token',
    'Content-Type': 'application/json'
  }
});

const tickets = await response.json();
