using Aivm.Compiler.Network;
using Aivm.Compiler.Onnx;

namespace Aivm.Compiler.Import;

/// <summary>Every supported ONNX operator and what reads it.</summary>
internal static class OperatorTable
{
    private static readonly Dictionary<(string Domain, string Operation), Func<OperatorCall, IReadOnlyList<FloatNode>>> Imports = new()
    {
        [("", "Conv")] = One(LinearOperators.Conv),
        [("", "Gemm")] = One(LinearOperators.Gemm),
        [("", "MatMul")] = One(AttentionOperators.MatMul),
        [("", "BatchNormalization")] = One(LinearOperators.BatchNormalization),

        [("", "Add")] = One(ElementwiseOperators.Add),
        [("", "Sub")] = One(ElementwiseOperators.Subtract),
        [("", "Mul")] = One(ElementwiseOperators.Multiply),
        [("", "Div")] = One(ElementwiseOperators.Divide),
        [("", "Neg")] = One(ElementwiseOperators.Negate),
        [("", "Sum")] = One(ElementwiseOperators.Sum),
        [("", "Relu")] = One(call => ElementwiseOperators.Unary(call, UnaryFunction.Clamp.Relu)),
        [("", "Clip")] = One(ElementwiseOperators.Clip),
        [("", "LeakyRelu")] = One(call => ElementwiseOperators.Unary(call, new UnaryFunction.LeakyRelu(call.Node.Float("alpha", 0.01f)))),
        [("", "Elu")] = One(call => ElementwiseOperators.Unary(call, new UnaryFunction.Elu(call.Node.Float("alpha", 1)))),
        [("", "Sigmoid")] = One(call => ElementwiseOperators.Unary(call, new UnaryFunction.Sigmoid())),
        [("", "Tanh")] = One(call => ElementwiseOperators.Unary(call, new UnaryFunction.Tanh())),
        [("", "HardSigmoid")] = One(call => ElementwiseOperators.Unary(
            call, new UnaryFunction.HardSigmoid(call.Node.Float("alpha", 0.2f), call.Node.Float("beta", 0.5f)))),
        [("", "HardSwish")] = One(call => ElementwiseOperators.Unary(call, new UnaryFunction.HardSwish())),
        [("", "Softplus")] = One(call => ElementwiseOperators.Unary(call, new UnaryFunction.Softplus())),
        [("", "Gelu")] = One(ElementwiseOperators.Gelu),
        [("", "Erf")] = One(call => ElementwiseOperators.Unary(call, new UnaryFunction.Erf())),
        [("", "Abs")] = One(call => ElementwiseOperators.Unary(call, new UnaryFunction.Abs())),
        [("", "Softsign")] = One(call => ElementwiseOperators.Unary(call, new UnaryFunction.Softsign())),
        [("", "Pow")] = One(ElementwiseOperators.Power),
        [("", "PRelu")] = One(ElementwiseOperators.ParametricRelu),
        [("", "Mish")] = One(ElementwiseOperators.Mish),
        [("", "Exp")] = One(call => ElementwiseOperators.Unary(call, new UnaryFunction.Exp())),

        [("", "MaxPool")] = One(PoolOperators.MaxPool),
        [("", "AveragePool")] = One(PoolOperators.AveragePool),
        [("", "GlobalMaxPool")] = One(PoolOperators.GlobalMaxPool),
        [("", "GlobalAveragePool")] = One(PoolOperators.GlobalAveragePool),
        [("", "ReduceMean")] = One(PoolOperators.ReduceMean),

        [("", "Reshape")] = One(ShapeOperators.Reshape),
        [("", "Flatten")] = One(ShapeOperators.Flatten),
        [("", "Squeeze")] = One(ShapeOperators.Squeeze),
        [("", "Unsqueeze")] = One(ShapeOperators.Unsqueeze),
        [("", "Transpose")] = One(ShapeOperators.Transpose),
        [("", "Pad")] = One(ShapeOperators.Pad),
        [("", "Gather")] = One(SelectionOperators.Gather),
        [("", "Split")] = SelectionOperators.Split,
        [("", "Slice")] = One(SelectionOperators.Slice),
        [("", "Identity")] = One(call => call.Input(0)),
        [("", "Dropout")] = One(ShapeOperators.Dropout),
        [("", "Cast")] = One(ShapeOperators.Cast),

        [("", "LayerNormalization")] = One(AttentionOperators.LayerNormalization),
        [("", "SimplifiedLayerNormalization")] = One(AttentionOperators.RmsNormalization),
        [("", "Where")] = One(AttentionOperators.Where),

        [("", "Softmax")] = One(ScoreOperators.Softmax),
        [("", "ArgMax")] = One(ScoreOperators.ArgMax),

        [("ai.onnx.ml", "Scaler")] = One(FeatureOperators.Scaler),
        [("ai.onnx.ml", "Imputer")] = One(FeatureOperators.Imputer),
        [("ai.onnx.ml", "Binarizer")] = One(FeatureOperators.Binarizer),
        [("ai.onnx.ml", "Normalizer")] = One(FeatureOperators.Normalizer),
        [("ai.onnx.ml", "LinearRegressor")] = One(ClassicalOperators.LinearRegressor),
        [("ai.onnx.ml", "LinearClassifier")] = ClassicalOperators.LinearClassifier,
        [("ai.onnx.ml", "TreeEnsembleRegressor")] = One(TreeOperators.Regressor),
        [("ai.onnx.ml", "TreeEnsembleClassifier")] = TreeOperators.Classifier,
        [("ai.onnx.ml", "TreeEnsemble")] = One(TreeOperators.Ensemble),
        [("ai.onnx.ml", "ZipMap")] = One(call => call.Input(0)),
    };

    public static Func<OperatorCall, IReadOnlyList<FloatNode>> Find(OnnxNode node) =>
        Imports.GetValueOrDefault((node.Domain, node.Operation))
        ?? throw Refusal.Operator(node, "AIVM-Q has no such operator yet");

    private static Func<OperatorCall, IReadOnlyList<FloatNode>> One(Func<OperatorCall, FloatNode> import) => call => [import(call)];
}
