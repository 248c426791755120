/** What `messaging.system` calls the services of AWS; identities of messages begin with it. */
export const DYNAMODB_SYSTEM = "aws.dynamodb";
export const EVENTBRIDGE_SYSTEM = "aws.eventbridge";
export const KINESIS_SYSTEM = "aws.kinesis";
export const LAMBDA_SYSTEM = "aws.lambda";
export const S3_SYSTEM = "aws.s3";
export const SNS_SYSTEM = "aws.sns";
export const SQS_SYSTEM = "aws_sqs";
export const STEP_FUNCTIONS_SYSTEM = "aws.stepfunctions";
