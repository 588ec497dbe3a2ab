// The format of ONNX files: its messages and its type numbers.
// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
import { parse } from 'protobufjs';

/** The numbers that stand for element types in TensorProto. */
export const TYPES = { float32: 1, int32: 6, int64: 7, bool: 9 } as const;

/** The numbers that stand for attribute types in AttributeProto. */
export const ATTRIBUTE = { float: 1, int: 2, string: 3, ints: 7 } as const;

/** The part of onnx.proto that Vitrine uses. The field numbers are those of the format. */
export const ModelProto = parse(`
  syntax = "proto3";
  message ModelProto { int64 ir_version = 1; string producer_name = 2; GraphProto graph = 7; repeated OperatorSetId opset_import = 8; }
  message OperatorSetId { string domain = 1; int64 version = 2; }
  message GraphProto { repeated NodeProto node = 1; string name = 2; repeated TensorProto initializer = 5;
    repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12; }
  message NodeProto { repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4;
    repeated AttributeProto attribute = 5; }
  message AttributeProto { string name = 1; float f = 2; int64 i = 3; bytes s = 4; repeated int64 ints = 8; int32 type = 20; }
  message TensorProto { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
  message ValueInfoProto { string name = 1; TypeProto type = 2; }
  message TypeProto { TensorType tensor_type = 1;
    message TensorType { int32 elem_type = 1; Shape shape = 2; }
    message Shape { repeated Dim dim = 1; }
    message Dim { int64 dim_value = 1; string dim_param = 2; } }
`).root.lookupType('ModelProto');
