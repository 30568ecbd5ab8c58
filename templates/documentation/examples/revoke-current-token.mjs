const response = await fetch('https://bugs.example.com/api/v1/tokens/current', {
  method: 'DELETE',
  headers: { Authorization: `Bearer ${process.env.BUGTOME_TOKEN}` },
});
console.log(response.status);
