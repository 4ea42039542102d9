namespace Aivm.Compiler.Network;

/// <summary>A function of one number. Everything here is built from + - * / and comparisons, so that tables are the same on every machine.</summary>
internal abstract record UnaryFunction
{
    /// <summary>How many elementary functions one evaluation takes.</summary>
    public virtual int Size => 1;

    public abstract double At(double x);

    /// <summary>min(max(x, Low), High): identity, Relu, Clip.</summary>
    internal sealed record Clamp(double Low, double High) : UnaryFunction
    {
        public static Clamp Relu { get; } = new(0, double.PositiveInfinity);

        /// <summary>Whether the bounds are those of a file's own quantisation: what somebody measured.</summary>
        public bool IsMeasured { get; init; }

        public override double At(double x) => Math.Min(Math.Max(x, Low), High);
    }

    internal sealed record LeakyRelu(double Alpha) : UnaryFunction
    {
        public override double At(double x) => x < 0 ? Alpha * x : x;
    }

    internal sealed record Sigmoid : UnaryFunction
    {
        public override double At(double x) => ExactMath.Sigmoid(x);
    }

    internal sealed record Tanh : UnaryFunction
    {
        public override double At(double x) => 2 * ExactMath.Sigmoid(2 * x) - 1;
    }

    /// <summary>max(0, min(1, Alpha * x + Beta)).</summary>
    internal sealed record HardSigmoid(double Alpha, double Beta) : UnaryFunction
    {
        public override double At(double x) => Math.Max(0, Math.Min(1, Alpha * x + Beta));
    }

    internal sealed record HardSwish : UnaryFunction
    {
        public override double At(double x) => x * Math.Max(0, Math.Min(1, x / 6 + 0.5));
    }

    internal sealed record Elu(double Alpha) : UnaryFunction
    {
        public override double At(double x) => x < 0 ? Alpha * (ExactMath.Exp(x) - 1) : x;
    }

    internal sealed record Exp : UnaryFunction
    {
        public override double At(double x) => ExactMath.Exp(x);
    }

    internal sealed record Softplus : UnaryFunction
    {
        public override double At(double x) => Math.Max(x, 0) + ExactMath.Log1P(ExactMath.Exp(-Math.Abs(x)));
    }

    internal sealed record Gelu : UnaryFunction
    {
        public override double At(double x) => 0.5 * x * (1 + ExactMath.Erf(x / ExactMath.Sqrt2));
    }

    /// <summary>GELU by its approximation with tanh.</summary>
    internal sealed record GeluTanh : UnaryFunction
    {
        private const double SqrtTwoOverPi = 0.7978845608028654;

        public override double At(double x) => x * ExactMath.Sigmoid(2 * SqrtTwoOverPi * (x + 0.044715 * x * x * x));
    }

    internal sealed record Erf : UnaryFunction
    {
        public override double At(double x) => ExactMath.Erf(x);
    }

    internal sealed record Abs : UnaryFunction
    {
        public override double At(double x) => Math.Abs(x);
    }

    internal sealed record Softsign : UnaryFunction
    {
        public override double At(double x) => x / (1 + Math.Abs(x));
    }

    /// <summary>x^Exponent for a whole exponent.</summary>
    internal sealed record Power(int Exponent) : UnaryFunction
    {
        public override double At(double x)
        {
            var product = 1.0;
            for (var i = 0; i < Exponent; i++)
                product *= x;
            return product;
        }
    }

    /// <summary>1 / x; without bound at 0.</summary>
    internal sealed record Reciprocal : UnaryFunction
    {
        public override double At(double x) => 1 / x;
    }

    /// <summary>A function that needs no name of its own here. What is no number outside its domain becomes 0 in a table.</summary>
    internal sealed record Elementary(Func<double, double> Function) : UnaryFunction
    {
        public override double At(double x) => Function(x);
    }

    /// <summary>x * Scale + Shift.</summary>
    internal sealed record Line(double Scale, double Shift) : UnaryFunction
    {
        public override double At(double x) => x * Scale + Shift;
    }

    /// <summary>Outer(Inner(x)).</summary>
    internal sealed record Chain(UnaryFunction Outer, UnaryFunction Inner) : UnaryFunction
    {
        public override int Size { get; } = Outer.Size + Inner.Size;

        public override double At(double x) => Outer.At(Inner.At(x));
    }

    /// <summary>An operation on two functions of the same x, as exporters write SiLU, GELU and their kin.</summary>
    internal sealed record Join(UnaryFunction Left, UnaryFunction Right, Func<double, double, double> Operation) : UnaryFunction
    {
        public override int Size { get; } = Left.Size + Right.Size;

        public override double At(double x) => Operation(Left.At(x), Right.At(x));
    }
}
