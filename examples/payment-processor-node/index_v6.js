// Version 6 of the payment processor: the same answers, discounts from one look-up.
const discounts = new Map([['SUMMER', 10], ['LOYAL', 5], ['FRIEND', 3]]);

exports.handler = async (event, context) => {
  const { amount = 100, codes = [] } = event;
  const percent = codes.reduce((sum, code) => sum + (discounts.get(code) ?? 0), 0);
  return {
    status: 'paid',
    charged: Math.round(amount * (100 - percent)) / 100,
    handledBy: `version ${context.functionVersion}`,
    discounts: 'optimized',
  };
};
