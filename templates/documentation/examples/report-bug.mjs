const response = await fetch('https://bugs.example.com/api/v1/tickets', {
  method: 'POST',
  headers: {
    Authorization: `Bearer ${process.env.BUGTOME_TOKEN}`,
    'Content-Type': 'application/json',
  },
  body: JSON.stringify({ ticket: {
    title: 'The build is red', given: 'a clean checkout of main',
    when: 'the tests are run', then: 'one of them fails',
  } }),
});
console.log((await response.json()).code);
