namespace Aivm.Chain;

/// <summary>Prices of what native contracts and model accounts do (docs/spec/models-contract.md), next to the EVM's for the same work.</summary>
internal static class CallGas
{
    public const ulong Call = 200;
    public const ulong PerWord = 3;
    public const ulong SlotRead = 2_100;
    public const ulong SlotSet = 20_000;
    public const ulong SlotChange = 5_000;
    public const long SlotClearRefund = 4_800;
    public const ulong Keccak = 30;
    public const ulong KeccakPerWord = 6;
    public const ulong Log = 375;
    public const ulong LogTopic = 375;
    public const ulong LogByte = 8;
    public const ulong StoredByte = 20;
    public const ulong ReadByte = 1;
    public const ulong Credit = 9_000;
    public const ulong NewAccount = 25_000;

    public static ulong Words(int bytes) => ((ulong)bytes + 31) / 32;

    public static ulong Copy(int bytes) => PerWord * Words(bytes);

    public static ulong Hash(int bytes) => Keccak + (KeccakPerWord * Words(bytes));
}
