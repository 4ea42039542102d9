using Aivm.Compiler.Network;
using Aivm.Compiler.Onnx;

namespace Aivm.Compiler.Import;

/// <summary>Every supported ONNX operator and what reads it.</summary>
internal static class OperatorTable
{
    private static readonly Dictionary<(string Domain, string Operation), Func<OperatorCall, IReadOnlyList<FloatNode>>> Imports = new()
    {
        [("", "Conv")] = One(LinearOperators.Conv),
        [("", "ConvTranspose")] = One(TransposedConvolution.Import),
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
        [("", "LeakyRelu")] = One(call => ElementwiseOperators.Unary(call, new UnaryFunction.LeakyRelu(call.Float("alpha", 0.01f)))),
        [("", "Elu")] = One(call => ElementwiseOperators.Unary(call, new UnaryFunction.Elu(call.Float("alpha", 1)))),
        [("", "Sigmoid")] = One(call => ElementwiseOperators.Unary(call, new UnaryFunction.Sigmoid())),
        [("", "Tanh")] = One(call => ElementwiseOperators.Unary(call, new UnaryFunction.Tanh())),
        [("", "HardSigmoid")] = One(call => ElementwiseOperators.Unary(
            call, new UnaryFunction.HardSigmoid(call.Float("alpha", 0.2f), call.Float("beta", 0.5f)))),
        [("", "HardSwish")] = One(call => ElementwiseOperators.Unary(call, new UnaryFunction.HardSwish())),
        [("", "Softplus")] = One(call => ElementwiseOperators.Unary(call, new UnaryFunction.Softplus())),
        [("", "Gelu")] = One(ElementwiseOperators.Gelu),
        [("", "Erf")] = One(call => ElementwiseOperators.Unary(call, new UnaryFunction.Erf())),
        [("", "Abs")] = One(call => ElementwiseOperators.Unary(call, new UnaryFunction.Abs())),
        [("", "Softsign")] = One(call => ElementwiseOperators.Unary(call, new UnaryFunction.Softsign())),
        [("", "Pow")] = One(UnaryOperators.Power),
        [("", "PRelu")] = One(UnaryOperators.ParametricRelu),
        [("", "Celu")] = One(UnaryOperators.Celu),
        [("", "Selu")] = One(UnaryOperators.Selu),
        [("", "Shrink")] = One(UnaryOperators.Shrink),
        [("", "Swish")] = One(UnaryOperators.Swish),
        [("", "ThresholdedRelu")] = One(UnaryOperators.ThresholdedRelu),
        [("", "Reciprocal")] = One(call => ElementwiseOperators.Unary(call, new UnaryFunction.Reciprocal())),
        [("", "Sqrt")] = Curve(Math.Sqrt),
        [("", "Log")] = Curve(ExactMath.Log),
        [("", "Sign")] = Curve(UnaryOperators.Sign),
        [("", "Floor")] = Curve(Math.Floor),
        [("", "Ceil")] = Curve(Math.Ceiling),
        [("", "Round")] = Curve(UnaryOperators.Round),
        [("", "Sin")] = Curve(ExactMath.Sin),
        [("", "Cos")] = Curve(ExactMath.Cos),
        [("", "Tan")] = Curve(ExactMath.Tan),
        [("", "Asin")] = Curve(ExactMath.Asin),
        [("", "Acos")] = Curve(ExactMath.Acos),
        [("", "Atan")] = Curve(ExactMath.Atan),
        [("", "Sinh")] = Curve(ExactMath.Sinh),
        [("", "Cosh")] = Curve(ExactMath.Cosh),
        [("", "Asinh")] = Curve(ExactMath.Asinh),
        [("", "Acosh")] = Curve(ExactMath.Acosh),
        [("", "Atanh")] = Curve(ExactMath.Atanh),
        [("", "Mish")] = One(ElementwiseOperators.Mish),
        [("", "Exp")] = One(call => ElementwiseOperators.Unary(call, new UnaryFunction.Exp())),

        [("", "MaxPool")] = One(PoolOperators.MaxPool),
        [("", "AveragePool")] = One(PoolOperators.AveragePool),
        [("", "GlobalLpPool")] = One(PoolOperators.GlobalLpPool),
        [("", "GlobalMaxPool")] = One(PoolOperators.GlobalMaxPool),
        [("", "GlobalAveragePool")] = One(PoolOperators.GlobalAveragePool),

        [("", "CumSum")] = One(ReductionOperators.CumulativeSum),
        [("", "LRN")] = One(ReductionOperators.LocalResponse),
        [("", "ReduceSum")] = One(ReductionOperators.Sum),
        [("", "ReduceMean")] = One(ReductionOperators.Mean),
        [("", "ReduceMax")] = One(ReductionOperators.Max),
        [("", "ReduceMin")] = One(ReductionOperators.Min),
        [("", "ReduceL1")] = One(ReductionOperators.L1),
        [("", "ReduceL2")] = One(ReductionOperators.L2),
        [("", "ReduceSumSquare")] = One(ReductionOperators.SumSquare),
        [("", "ReduceLogSum")] = One(ReductionOperators.LogSum),
        [("", "ReduceLogSumExp")] = One(ReductionOperators.LogSumExp),

        [("", "Less")] = One(ComparisonOperators.Less),
        [("", "LessOrEqual")] = One(ComparisonOperators.LessOrEqual),
        [("", "Greater")] = One(ComparisonOperators.Greater),
        [("", "GreaterOrEqual")] = One(ComparisonOperators.GreaterOrEqual),
        [("", "Equal")] = One(ComparisonOperators.Equal),
        [("", "Not")] = One(ComparisonOperators.Not),
        [("", "And")] = One(ComparisonOperators.And),
        [("", "Or")] = One(ComparisonOperators.Or),
        [("", "Xor")] = One(ComparisonOperators.Xor),
        [("", "Where")] = One(ComparisonOperators.Where),
        [("", "Max")] = One(ComparisonOperators.Max),
        [("", "Min")] = One(ComparisonOperators.Min),
        [("", "Mean")] = One(ComparisonOperators.Mean),
        [("", "OneHot")] = One(ComparisonOperators.OneHot),

        [("", "Reshape")] = One(ShapeOperators.Reshape),
        [("", "Flatten")] = One(ShapeOperators.Flatten),
        [("", "Squeeze")] = One(ShapeOperators.Squeeze),
        [("", "Unsqueeze")] = One(ShapeOperators.Unsqueeze),
        [("", "Transpose")] = One(ShapeOperators.Transpose),
        [("", "Concat")] = One(RearrangementOperators.Concat),
        [("", "Expand")] = One(RearrangementOperators.Expand),
        [("", "Tile")] = One(RearrangementOperators.Tile),
        [("", "Pad")] = One(RearrangementOperators.Pad),
        [("", "DepthToSpace")] = One(RearrangementOperators.DepthToSpace),
        [("", "SpaceToDepth")] = One(RearrangementOperators.SpaceToDepth),
        [("", "GatherElements")] = One(RearrangementOperators.GatherElements),
        [("", "GatherND")] = One(RearrangementOperators.GatherND),
        [("", "Compress")] = One(RearrangementOperators.Compress),
        [("", "ReverseSequence")] = One(RearrangementOperators.ReverseSequence),
        [("", "Trilu")] = One(RearrangementOperators.Trilu),
        [("", "Resize")] = One(ResizeOperators.Resize),
        [("", "Upsample")] = One(ResizeOperators.Upsample),
        [("", "Gather")] = One(SelectionOperators.Gather),
        [("", "Split")] = SelectionOperators.Split,
        [("", "Slice")] = One(SelectionOperators.Slice),
        [("", "Identity")] = One(call => call.Input(0)),
        [("", "Dropout")] = ShapeOperators.Dropout,
        [("", "Cast")] = One(RearrangementOperators.Cast),
        [("", "CastLike")] = One(RearrangementOperators.CastLike),

        [("", "LayerNormalization")] = AttentionOperators.LayerNormalization,
        [("", "SimplifiedLayerNormalization")] = One(AttentionOperators.RmsNormalization),
        [("", "InstanceNormalization")] = One(NormalisationOperators.Instance),
        [("", "GroupNormalization")] = One(NormalisationOperators.Group),
        [("", "MeanVarianceNormalization")] = One(NormalisationOperators.MeanVariance),
        [("", "LpNormalization")] = One(NormalisationOperators.Lp),

        [("", "LSTM")] = RecurrentOperators.Lstm,
        [("", "GRU")] = RecurrentOperators.Gru,
        [("", "RNN")] = RecurrentOperators.Rnn,

        [("", "Softmax")] = One(ScoreOperators.Softmax),
        [("", "LogSoftmax")] = One(ReductionOperators.LogSoftmax),
        [("", "Hardmax")] = One(ComparisonOperators.Hardmax),
        [("", "ArgMax")] = One(ScoreOperators.ArgMax),
        [("", "ArgMin")] = One(ScoreOperators.ArgMin),

        [("", "QuantizeLinear")] = One(QuantisedOperators.QuantizeLinear),
        [("", "DequantizeLinear")] = One(QuantisedOperators.DequantizeLinear),
        [("", "DynamicQuantizeLinear")] = One(QuantisedOperators.DynamicQuantizeLinear),
        [("", "QLinearConv")] = One(QuantisedOperators.Conv),
        [("", "QLinearMatMul")] = One(QuantisedOperators.MatMul),
        [("", "ConvInteger")] = One(QuantisedOperators.ConvInteger),
        [("", "MatMulInteger")] = One(QuantisedOperators.MatMulInteger),
        [("com.microsoft", "QuantizeLinear")] = One(QuantisedOperators.QuantizeLinear),
        [("com.microsoft", "DequantizeLinear")] = One(QuantisedOperators.DequantizeLinear),
        [("com.microsoft", "QGemm")] = One(QuantisedOperators.Gemm),
        [("com.microsoft", "QLinearConcat")] = One(QuantisedOperators.Concat),
        [("com.microsoft", "QLinearAdd")] = One(QuantisedOperators.Add),
        [("com.microsoft", "QLinearMul")] = One(QuantisedOperators.Multiply),
        [("com.microsoft", "QLinearSigmoid")] = One(call => QuantisedOperators.Unary(call, inner => ElementwiseOperators.Unary(inner, new UnaryFunction.Sigmoid()))),
        [("com.microsoft", "QLinearLeakyRelu")] = One(call => QuantisedOperators.Unary(
            call, inner => ElementwiseOperators.Unary(inner, new UnaryFunction.LeakyRelu(call.Node.Float("alpha", 0.01f))))),
        [("com.microsoft", "QLinearAveragePool")] = One(call => QuantisedOperators.Unary(call, PoolOperators.AveragePool)),
        [("com.microsoft", "QLinearGlobalAveragePool")] = One(call => QuantisedOperators.Unary(call, PoolOperators.GlobalAveragePool)),

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

    /// <summary>Why an operator is not among them, where there is more to say than that.</summary>
    private static readonly Dictionary<string, string> Reasons = new(StringComparer.Ordinal)
    {
        ["Loop"] = "loops are not unrolled: export the model without them",
        ["Scan"] = "loops are not unrolled: export the model without them",
        ["NonZero"] = "the shape of its result depends on the input",
        ["Unique"] = "the shape of its result depends on the input",
        ["NonMaxSuppression"] = "the shape of its result depends on the input",
        ["TopK"] = "AIVM-Q does not sort",
        ["ReduceProd"] = "the product of many values has no useful bound",
        ["Mod"] = "remainders of values that depend on the input are not computed",
        ["IsNaN"] = "integers are always numbers",
        ["IsInf"] = "integers are always finite",
        ["Scatter"] = "AIVM-Q does not write to chosen places",
        ["ScatterElements"] = "AIVM-Q does not write to chosen places",
        ["ScatterND"] = "AIVM-Q does not write to chosen places",
        ["NegativeLogLikelihoodLoss"] = "it is a loss, for training",
        ["SoftmaxCrossEntropyLoss"] = "it is a loss, for training",
        ["Bernoulli"] = RandomNumbers,
        ["Multinomial"] = RandomNumbers,
        ["RandomNormal"] = RandomNumbers,
        ["RandomNormalLike"] = RandomNumbers,
        ["RandomUniform"] = RandomNumbers,
        ["RandomUniformLike"] = RandomNumbers,
        ["Range"] = "the shape of its result depends on the input",
        ["ConstantOfShape"] = "the shape of its result depends on the input",
    };

    private const string RandomNumbers = "it draws random numbers";

    /// <summary>Every supported operator: its domain, empty for the standard, and its name.</summary>
    public static IEnumerable<(string Domain, string Operation)> Supported => Imports.Keys.Concat(ConstantFolding.Operations.Select(operation => ("", operation)));

    public static Func<OperatorCall, IReadOnlyList<FloatNode>> Find(OnnxNode node) =>
        Imports.GetValueOrDefault((node.Domain, node.Operation)) ?? throw Refusal.Operator(node, Reason(node));

    private static string Reason(OnnxNode node)
    {
        if (node.Domain == "com.microsoft")
            return "ONNX Runtime fused it out of others; export without its optimisations";
        if (node.Domain.Length == 0 && Reasons.TryGetValue(node.Operation, out var reason))
            return reason;
        return node.Operation.StartsWith("Sequence", StringComparison.Ordinal) || node.Operation.StartsWith("Optional", StringComparison.Ordinal)
            ? "sequences and optional values are no tensors"
            : "AIVM-Q has no such operator yet";
    }

    private static Func<OperatorCall, IReadOnlyList<FloatNode>> Curve(Func<double, double> function) => One(call => UnaryOperators.Curve(call, function));

    private static Func<OperatorCall, IReadOnlyList<FloatNode>> One(Func<OperatorCall, FloatNode> import) => call => [import(call)];
}
