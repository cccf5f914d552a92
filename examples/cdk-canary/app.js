// An alias that CodeDeploy moves in steps, as a CDK app. Plain JavaScript, so that nothing has to be compiled.
const path = require('path');
const { App, CfnOutput, Duration, Stack } = require('aws-cdk-lib');
const cloudwatch = require('aws-cdk-lib/aws-cloudwatch');
const codedeploy = require('aws-cdk-lib/aws-codedeploy');
const lambda = require('aws-cdk-lib/aws-lambda');

class CanaryStack extends Stack {
  constructor(scope, id) {
    super(scope, id);
    const processor = new lambda.Function(this, 'Processor', {
      functionName: 'payment-processor',
      runtime: lambda.Runtime.PYTHON_3_11,
      handler: 'index.handler',
      code: lambda.Code.fromAsset(path.join(__dirname, 'src')),
    });
    const prod = new lambda.Alias(this, 'Prod', { aliasName: 'prod', version: processor.currentVersion });
    const errors = new cloudwatch.Alarm(this, 'Errors', {
      metric: prod.metricErrors({ period: Duration.minutes(1) }),
      threshold: 1,
      evaluationPeriods: 1,
    });
    new codedeploy.LambdaDeploymentGroup(this, 'Canary', {
      alias: prod,
      deploymentConfig: codedeploy.LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES,
      alarms: [errors],
    });
    new CfnOutput(this, 'Alias', { value: prod.functionArn });
  }
}

new CanaryStack(new App(), 'CanaryStack');
