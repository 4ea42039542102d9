using Aivm.Primitives;

namespace Aivm.Compiler;

/// <summary>The named refusals of the compiler. Every one means that the caller's file or options are at fault.</summary>
internal static class Refusal
{
    public static AivmException Corrupt(string what) => Input("onnx-corrupt", $"The ONNX file is corrupt or truncated: {what}.");

    public static AivmException TooLarge(string what) => Input("onnx-too-large", $"The ONNX file exceeds a limit: {what}.");

    public static AivmException Invalid(string what) => Input("onnx-invalid", $"The ONNX file is not a valid model: {what}.");

    /// <param name="node">The operator and the node's name, as <see cref="Onnx.OnnxNode.ToString"/> gives them.</param>
    public static AivmException Operator(object node, string reason) =>
        Input("unsupported-operator", $"{node} is not supported: {reason}.");

    public static AivmException Shape(object node, string reason) =>
        Input("unsupported-shape", $"{node}: {reason}.");

    public static AivmException DoesNotFit(Error fault) => Input("unsupported-model", $"The model does not fit AIVM-Q: {fault.Message}.");

    public static AivmException Calibration(string what) => Input("calibration-mismatch", $"The calibration samples do not fit: {what}.");

    public static AivmException Input(string code, string message) => new(Failure.Input, code, message);
}
