const ticket = {
  project_id: process.env.PROJECT_ID, priority: 'high',
  title: 'Checkout forgets the coupon after signing in',
  given: 'a basket with a valid coupon, and nobody signed in',
  when: 'the customer signs in during checkout', then: 'the coupon is gone from the basket',
};
const headers = { Authorization: `Bearer ${process.env.BUGTOME_TOKEN}`,
  'Content-Type': 'application/json', 'Idempotency-Key': 'nightly-2024-01-15' };
const body = JSON.stringify({ ticket });
const response = await fetch('https://bugs.example.com/api/v1/tickets', { method: 'POST', headers, body });
console.log((await response.json()).code);
