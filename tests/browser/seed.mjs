// What is in the database: invented bugs as people write them, and what attackers would write.

// Each of these would call `ran()` if anything of it ran.
export const ATTACKS = [
  '<script>ran()</script>',
  '"><img src=x onerror=ran()>',
  '\'><svg onload=ran()>',
  '[click](javascript:ran())',
  '![x](javascript:ran())',
  '<javascript:ran()>',
  '</textarea><script>ran()</script>',
  '</title><script>ran()</script>',
  '{{ran()}} ${ran()} <%= ran() %>',
  '<iframe srcdoc="<script>parent.ran()</script>">',
  '<a href="data:text/html,<script>opener.ran()</script>">x</a>',
  '<div hx-get="/workspace" hx-on:load="ran()" hx-trigger="load">x</div>',
  '<style>*{display:none}</style>',
  '<base href="https://evil.example/">',
  '<form action="https://evil.example/"><button>Create ticket</button></form>',
];
export const HOSTILE = '"><script>ran()</script><img src=x onerror=ran()>';

const RICH = `Seen with **two** banks, see WEB-1 and <https://example.org/report>.

# What we tried

1. reloading
2. \`PaymentIntent\`, twice

| browser | seen |
| --- | ---: |
| Firefox | 3 |
| Chromium | 0 |

\`\`\`rust
let key = format!("{}-{}", basket.id, now.as_millis()); // should be the basket and its revision, which survive a reload, however long this line is
\`\`\`

- [x] key from basket and revision
- [ ] test that reloads at each step

> It said nothing for half a minute.

![the basket](https://example.org/basket.png)
${'unbroken'.repeat(40)}`;

// A page and a half of tickets in all states.
export function tickets() {
  const list = [
    {
      title: 'Return trip is charged twice when the bank page is reloaded',
      given: 'a signed-in passenger with a return trip in the basket, and a card that asks for 3-D Secure',
      when: 'they confirm at the bank and reload the page before the bank’s redirect has ended',
      then: 'the card is charged once and one booking is confirmed; today **two** charges appear',
      priority: 'critical',
      notes: RICH,
      comments: ['Three passengers called about this since Friday.', RICH, 'Found it:\n\n```js\nconst key = `${basket.id}`; // and its revision\n```'],
    },
    {
      title: 'Vehicle height is not checked against the deck',
      given: 'a camper of 3.4 m and a sailing with a 3.1 m deck',
      when: 'the vehicle is added to the booking',
      then: 'the sailing is refused and the next fitting one offered',
      priority: 'high',
      status: 'in_progress',
    },
    {
      title: 'W'.repeat(200),
      given: 'a title of two hundred letters without a blank',
      when: 'it stands in a list, on a phone as well',
      then: `nothing is wider than the page, nor by ${'x'.repeat(300)}`,
      priority: 'low',
      status: 'resolved',
    },
    {
      title: 'القارب لا يظهر في القائمة',
      given: 'مسافر مسجل الدخول في صفحة الحجز',
      when: 'يفتح قائمة الرحلات القادمة اليوم',
      then: 'تظهر جميع الرحلات في القائمة كما هي',
      status: 'closed',
    },
  ];
  for (let number = list.length + 1; number <= 30; number += 1) {
    list.push({
      title: `Price calendar jumps back, case ${number}`,
      given: `the price calendar is on month ${number} of the plan`,
      when: 'the class is changed from Deck to Lounge',
      then: 'the calendar stays where it was',
      priority: ['low', 'medium', 'high', 'critical'][number % 4],
    });
  }
  return list;
}
