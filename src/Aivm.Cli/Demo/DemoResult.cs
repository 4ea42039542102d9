using Aivm.Primitives;

namespace Aivm.Cli.Demo;

/// <summary>What <c>demo --json</c> prints; the keys are a contract.</summary>
internal sealed record DemoDocument(
    IReadOnlyList<DemoModel> Models, int Inferences, IReadOnlyList<DemoPath> Paths, bool SameOutputs, ulong ReplayedBlocks, bool StateRootMatch);

/// <summary>One inference on one path.</summary>
/// <param name="EvidenceKind">As its receipt has it.</param>
/// <param name="Verified">Whether the receipt holds, checked without the node against the block's hash.</param>
/// <param name="GasUsed">By the transaction that brought the answer.</param>
internal sealed record DemoPath(
    string Path, byte EvidenceKind, long[] Outputs, Hash256 OutputHash, Hash256 ReceiptId, bool Verified, ulong GasUsed, ulong Block);

/// <param name="Gas">Of one inference, loading apart.</param>
/// <param name="OnnxAgreement">The fraction of labels equal to ONNX Runtime's on the original file.</param>
internal sealed record DemoModel(string Name, Hash256 Hash, string Address, ulong Macs, ulong Gas, double OnnxAgreement);

/// <summary>One row of the demo's tables.</summary>
internal sealed record DemoRow(string Input, string Decision, double? Probability, string Reference, ulong GasUsed, ulong Block);
