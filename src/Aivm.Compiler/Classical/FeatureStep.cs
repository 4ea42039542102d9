namespace Aivm.Compiler.Classical;

/// <summary>A number as a runtime holds it: float32, or float64.</summary>
internal readonly record struct FeatureValue(double Number, bool IsDouble)
{
    /// <summary>A result in the same precision. A sum, product or quotient of two float32 that is rounded to float64 first ends at the same float32.</summary>
    public FeatureValue With(double number) => new(IsDouble ? number : (float)number, IsDouble);
}

/// <summary>
/// One operation on one feature, rounded as ONNX Runtime rounds it. Each keeps or reverses the order of numbers, so that a comparison
/// behind any chain of them is a comparison of the input.
/// </summary>
internal abstract record FeatureStep
{
    /// <summary>Whether a missing value, which is NaN, may enter.</summary>
    public virtual bool TakesMissing => true;

    public abstract FeatureValue At(FeatureValue x);

    /// <summary>The step of an arithmetic operator of which one operand is a constant; null when it does not keep order.</summary>
    public static FeatureStep? OfArithmetic(string operation, double constant, bool constantIsFirst) => (operation, constantIsFirst) switch
    {
        ("Add", _) => new Add(constant),
        ("Sub", false) => new Add(-constant),
        ("Sub", true) => new SubtractFrom(constant),
        ("Mul", _) => new Multiply(constant),
        ("Div", false) => new Divide(constant),
        ("Neg", _) => new Multiply(-1),
        _ => null,
    };

    internal sealed record Add(double Term) : FeatureStep
    {
        public override FeatureValue At(FeatureValue x) => x.With(x.Number + Term);
    }

    internal sealed record SubtractFrom(double Minuend) : FeatureStep
    {
        public override FeatureValue At(FeatureValue x) => x.With(Minuend - x.Number);
    }

    internal sealed record Multiply(double Factor) : FeatureStep
    {
        public override FeatureValue At(FeatureValue x) => x.With(x.Number * Factor);
    }

    internal sealed record Divide(double Divisor) : FeatureStep
    {
        public override FeatureValue At(FeatureValue x) => x.With(x.Number / Divisor);
    }

    /// <summary>ai.onnx.ml's Scaler: (x - offset) * scale in the input's precision, then float32.</summary>
    internal sealed record Scale(double Offset, double Factor) : FeatureStep
    {
        public override FeatureValue At(FeatureValue x) => new((float)x.With(x.With(x.Number - Offset).Number * Factor).Number, false);
    }

    internal sealed record Clip(double Low, double High) : FeatureStep
    {
        public override FeatureValue At(FeatureValue x) => x.With(Math.Min(Math.Max(x.Number, Low), High));
    }

    /// <summary>1 above the threshold, 0 up to it.</summary>
    internal sealed record Binarise(double Threshold) : FeatureStep
    {
        public override bool TakesMissing => false;

        public override FeatureValue At(FeatureValue x) => x.With(x.Number > Threshold ? 1 : 0);
    }

    /// <summary>A number in place of a missing value.</summary>
    internal sealed record Impute(double Replacement) : FeatureStep
    {
        public override FeatureValue At(FeatureValue x) => double.IsNaN(x.Number) ? x.With(Replacement) : x;
    }

    internal sealed record Cast(bool ToDouble) : FeatureStep
    {
        public override FeatureValue At(FeatureValue x) => new(ToDouble ? x.Number : (float)x.Number, ToDouble);
    }
}
