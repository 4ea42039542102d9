namespace Aivm.Inference;

/// <summary>What one run of a node takes. Functions of the graph alone: no cache, kernel or machine changes them.</summary>
/// <param name="Macs">Multiply-accumulates, as models are compared by.</param>
/// <param name="Gas">See <see cref="GasTable"/>.</param>
/// <param name="Scratch">Bytes of memory besides the result.</param>
internal readonly record struct Work(Int128 Macs, Int128 Gas, Int128 Scratch = default);
