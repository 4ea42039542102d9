using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Chain;

/// <summary>What the code of a native contract works with. Everything that costs gas charges it first.</summary>
internal sealed class NativeCall(TransactionContext context, CallFrame frame, Address self)
{
    public TransactionContext Context => context;

    public CallFrame Frame => frame;

    public WorldState State => context.State;

    public BlockContext Block => context.Block;

    /// <summary>The contract whose storage, coins and events these are.</summary>
    public Address Self => self;

    public Address Caller => frame.Caller;

    /// <summary>Runs a contract's code in a frame; a <see cref="CallFailure"/> becomes the frame's result.</summary>
    public static CallResult Run(TransactionContext context, CallFrame frame, Func<NativeCall, byte[]> code)
    {
        try
        {
            var call = new NativeCall(context, frame, frame.Account);
            call.Charge(CallGas.Call + CallGas.Copy(frame.Input.Length));
            var output = code(call);
            call.Charge(CallGas.Copy(output.Length));
            return CallResult.Success(frame, output);
        }
        catch (CallFailure failure)
        {
            return failure.ToResult(frame);
        }
    }

    /// <summary>
    /// The same call on another native contract's account: contracts of the system that belong together read and write each other's storage and move
    /// each other's coins, for the gas that it costs at home.
    /// </summary>
    public NativeCall On(Address contract) => new(context, frame, contract);

    /// <summary>Calls an account with no more than this gas; whatever it does, this call goes on.</summary>
    public CallResult Call(Address account, byte[] input, ulong gas)
    {
        RequireWritable();
        return Call(CallKind.Call, account, input, gas);
    }

    /// <summary>Calls an account that may write nothing, with all the gas that is left but a 64th (EIP-150).</summary>
    public CallResult StaticCall(Address account, byte[] input) => Call(CallKind.StaticCall, account, input, frame.Gas - (frame.Gas / 64));

    private CallResult Call(CallKind kind, Address account, byte[] input, ulong gas)
    {
        Charge(gas);
        var result = MessageCall.Execute(context, new CallFrame
        {
            Kind = kind,
            Caller = Self,
            Account = account,
            Callee = account,
            Gas = gas,
            Input = input,
            IsStatic = kind == CallKind.StaticCall,
            Depth = frame.Depth + 1,
        });
        frame.Gas += result.GasLeft;
        return result;
    }

    public void Charge(ulong gas)
    {
        if (!frame.TryCharge(gas))
            throw CallFailure.OutOfGas();
    }

    public UInt256 Read(UInt256 slot)
    {
        Charge(CallGas.SlotRead);
        return State.GetStorage(Self, slot);
    }

    public void Write(UInt256 slot, UInt256 value)
    {
        RequireWritable();
        var before = State.GetStorage(Self, slot);
        Charge(before.IsZero && !value.IsZero ? CallGas.SlotSet : CallGas.SlotChange);
        if (!before.IsZero && value.IsZero)
            context.Refund += CallGas.SlotClearRefund;
        State.SetStorage(Self, slot, value);
    }

    public Hash256 Keccak(ReadOnlySpan<byte> data)
    {
        Charge(CallGas.Hash(data.Length));
        return Primitives.Keccak.Hash(data);
    }

    /// <summary>Keeps bytes that are too long for slots; a slot holds the hash.</summary>
    public Hash256 StoreBlob(ReadOnlySpan<byte> bytes)
    {
        RequireWritable();
        Charge(CallGas.StoredByte * (ulong)bytes.Length);
        return State.AddBlob(bytes);
    }

    /// <summary>Pays coins out of the contract's balance. Only credits the account: no code of the recipient runs.</summary>
    public void Pay(Address recipient, UInt256 amount)
    {
        if (amount.IsZero)
            return;
        RequireWritable();
        Charge(CallGas.Credit);
        if (!State.Transfer(Self, recipient, amount))
            throw new InvalidOperationException("A system contract owes more than it holds.");
    }

    /// <summary>Takes coins out of the contract's balance and out of the world.</summary>
    public void Burn(UInt256 amount)
    {
        RequireWritable();
        Charge(CallGas.Credit);
        if (!State.SubtractBalance(Self, amount))
            throw new InvalidOperationException("A system contract burns more than it holds.");
    }

    public void Log(AbiEvent kind, AbiWriter data, params ReadOnlySpan<Hash256> indexed)
    {
        RequireWritable();
        var bytes = data.ToArray();
        Charge(CallGas.Log + (CallGas.LogTopic * (ulong)(1 + indexed.Length)) + (CallGas.LogByte * (ulong)bytes.Length));
        context.Logs.Add(new LogEntry(Self, [kind.Topic, .. indexed], bytes));
    }

    private void RequireWritable()
    {
        if (frame.IsStatic)
            throw CallFailure.StaticViolation();
    }
}
