# Sourced by the page's commands: the function with its versions 1 to 5, the alias, the alarm of the article, and what
# CodeDeploy needs to know. Everything by the AWS CLI.
publish() { # FILE RELEASE: new code, published
  { cat "$1" && echo "# Release $2"; } > index.py && zip -q function.zip index.py
  aws lambda update-function-code --function-name order-processor --zip-file fileb://function.zip --publish \
    --query Version --output text
}

cp index_v5.py index.py && zip -q function.zip index.py
aws lambda create-function --function-name order-processor --runtime python3.11 --handler index.lambda_handler \
  --role arn:aws:iam::123456789012:role/orders --zip-file fileb://function.zip --publish > /dev/null
for n in 2 3 4 5; do publish index_v5.py "$n"; done
aws lambda create-alias --function-name order-processor --name prod --function-version 5 > /dev/null

aws cloudwatch put-metric-alarm --alarm-name order-processor-canary-errors \
  --namespace AWS/Lambda --metric-name Errors --dimensions Name=FunctionName,Value=order-processor \
  --statistic Sum --period 60 --evaluation-periods 2 --threshold 5 --comparison-operator GreaterThanThreshold

aws deploy create-application --application-name orders --compute-platform Lambda > /dev/null
aws deploy create-deployment-group --application-name orders --deployment-group-name order-processor-prod \
  --deployment-config-name CodeDeployDefault.LambdaCanary10Percent5Minutes \
  --service-role-arn arn:aws:iam::123456789012:role/codedeploy \
  --deployment-style deploymentType=BLUE_GREEN,deploymentOption=WITH_TRAFFIC_CONTROL \
  --alarm-configuration "enabled=true,alarms=[{name=order-processor-canary-errors}]" \
  --auto-rollback-configuration enabled=true,events=DEPLOYMENT_FAILURE,DEPLOYMENT_STOP_ON_ALARM,DEPLOYMENT_STOP_ON_REQUEST \
  > /dev/null
