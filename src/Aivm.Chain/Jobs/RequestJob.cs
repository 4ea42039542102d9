using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>What a caller asks of providers.</summary>
/// <param name="Deadline">Unix seconds.</param>
/// <param name="Provider">Zero: any.</param>
internal sealed record JobTerms(
    Address Model, EvidenceKind Evidence, ulong Deadline, ushort MinReputation, Address Provider, ulong CallbackGas);

/// <summary>What a job would cost beside its provider, and who would take it.</summary>
/// <param name="Owner">Of the model.</param>
/// <param name="Stipend">Wei for the gas of the callback.</param>
internal sealed record JobPlan(List<Candidate> Candidates, Address Owner, UInt256 ModelPrice, UInt256 Stipend);

/// <summary><c>request(…)</c>: locks the funds and offers the job to the best provider. What no provider would take locks nothing.</summary>
internal static class RequestJob
{
    public static byte[] Execute(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadAddress(out var model) || !arguments.TryReadUInt(8, out var evidence) || !arguments.TryReadUInt64(out var deadline)
            || !arguments.TryReadUInt(16, out var minReputation) || !arguments.TryReadAddress(out var provider) || !arguments.TryReadUInt(8, out var inputKind)
            || !arguments.TryReadHash(out var commitment) || !arguments.TryReadBytes(out var input) || !arguments.TryReadAddress(out var callback)
            || !arguments.TryReadUInt64(out var callbackGas) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(JobsAbi.Request);
        var terms = ReadTerms(call, model, evidence, deadline, minReputation, provider, callbackGas);
        RequireCallback(callback, callbackGas);
        var kind = ReadInputKind(terms, inputKind, commitment, input);
        var locked = call.Frame.Value;
        if (locked > JobsParameters.MaxPayment)
            throw JobsErrors.PaymentTooHigh();

        var job = JobsStorage.CountJob(call);
        var plan = Plan(call, terms, job, locked);
        var slots = JobsStorage.NewJob(call, job);
        var head = new JobHead(call.Caller, JobState.Offered, terms.Evidence, kind, JobEnd.None, Attempt: 0, (byte)plan.Candidates.Count, callbackGas);
        slots.Model = (model, deadline);
        slots.Money = (locked, plan.ModelPrice);
        slots.Owner = plan.Owner;
        slots.Commitment = kind == InputKind.Public ? InferenceReceipt.CommitToPublicInput(call, input) : commitment;
        slots.Callback = (callback, plan.Stipend);
        for (var i = 0; i < plan.Candidates.Count; i++)
            slots.SetCandidate(i, plan.Candidates[i]);
        JobsStorage.SetOwed(call, JobsStorage.Owed(call) + locked);
        call.Log(
            JobsAbi.JobRequested,
            JobsAbi.JobRequested.BeginData()
                .WriteUInt((ulong)terms.Evidence).WriteUInt(deadline).WriteUInt((ulong)kind).WriteHash(slots.Commitment).WriteBytes(input),
            AbiEvent.TopicOf(job), AbiEvent.TopicOf(call.Caller), AbiEvent.TopicOf(model));
        JobOffer.OfferNext(call, job, slots, head);
        return JobsAbi.Request.BeginReturn().WriteUInt(job).ToArray();
    }

    /// <summary><c>quote(…)</c>: what a request would cost now, and who would take it.</summary>
    public static byte[] Quote(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadAddress(out var model) || !arguments.TryReadUInt(8, out var evidence) || !arguments.TryReadUInt64(out var deadline)
            || !arguments.TryReadUInt(16, out var minReputation) || !arguments.TryReadAddress(out var provider) || !arguments.TryReadUInt64(out var callbackGas)
            || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(JobsAbi.Quote);
        var terms = ReadTerms(call, model, evidence, deadline, minReputation, provider, callbackGas);
        var plan = Plan(call, terms, JobsStorage.Count(call) + 1, JobsParameters.MaxPayment);
        var best = plan.Candidates[0];
        return JobsAbi.Quote.BeginReturn()
            .WriteAddress(best.Provider)
            .WriteUInt(best.Price)
            .WriteUInt(plan.ModelPrice)
            .WriteUInt(plan.Stipend)
            .WriteUInt(best.Price + plan.ModelPrice + plan.Stipend)
            .ToArray();
    }

    private static JobTerms ReadTerms(
        NativeCall call, Address model, UInt256 evidence, ulong deadline, UInt256 minReputation, Address provider, ulong callbackGas)
    {
        var kind = (EvidenceKind)(byte)(ulong)evidence;
        if (!AskClass.IsOffChain(kind))
            throw JobsErrors.InvalidEvidenceKind(evidence);
        var earliest = call.Block.Time + call.Block.Genesis.Market.AcceptSeconds + 1;
        var latest = call.Block.Time + JobsParameters.MaxDeadlineSeconds;
        if (deadline < earliest || deadline > latest)
            throw JobsErrors.InvalidDeadline(deadline, earliest, latest);
        if (callbackGas > JobsParameters.MaxCallbackGas)
            throw JobsErrors.InvalidCallback($"a callback has at most {JobsParameters.MaxCallbackGas} gas");
        return new JobTerms(model, kind, deadline, (ushort)(ulong)minReputation, provider, callbackGas);
    }

    private static void RequireCallback(Address callback, ulong callbackGas)
    {
        if (callback.IsZero != (callbackGas == 0))
            throw JobsErrors.InvalidCallback("a callback has an address and gas, or neither");
    }

    private static InputKind ReadInputKind(JobTerms terms, UInt256 inputKind, Hash256 commitment, ReadOnlySpan<byte> input)
    {
        if (input.Length > JobsParameters.MaxInputBytes)
            throw JobsErrors.InputTooLong(input.Length);
        var kind = (InputKind)(byte)(ulong)inputKind;
        var reason = kind switch
        {
            InputKind.Public => commitment.IsZero ? null : "the chain commits to a public input itself: give no commitment",
            InputKind.Content when commitment.IsZero => "an input by digest needs its commitment",
            InputKind.Content => input.Length == Hash256.Size ? null : "an input by digest is 32 bytes: the SHA-256 of its content",
            InputKind.Sealed when commitment.IsZero => "a sealed input needs its commitment",
            InputKind.Sealed when terms.Provider.IsZero => "a sealed input is encrypted to one provider: name it",
            InputKind.Sealed => terms.Evidence is EvidenceKind.Attested or EvidenceKind.DevelopmentAttested ? null : "only attested hardware opens a sealed input",
            _ => "there are input kinds 0 (public), 1 (sealed) and 2 (by digest)",
        };
        return reason is null ? kind : throw JobsErrors.InvalidInputKind(inputKind, reason);
    }

    /// <summary>Reverts with NoOffer, and says why, where nobody would take the job.</summary>
    private static JobPlan Plan(NativeCall call, JobTerms terms, ulong job, UInt256 locked)
    {
        var model = ModelsStorage.Model(call.On(SystemContracts.Models), terms.Model);
        if (model.IsOffChain && terms.Evidence is not (EvidenceKind.Attested or EvidenceKind.DevelopmentAttested))
            throw JobsErrors.EvidenceUnavailable(
                terms.Evidence, "the chain does not hold the model, to prove or to replay it: ask for trusted hardware (2; 4 on a development chain)");
        var modelPrice = model.Price;
        var stipend = call.Block.BaseFee * (terms.CallbackGas * JobsParameters.StipendBaseFees);
        if (modelPrice > JobsParameters.MaxPayment || stipend > JobsParameters.MaxPayment)
            throw JobsErrors.PaymentTooHigh();
        var beside = modelPrice + stipend;
        var compute = call.On(SystemContracts.Compute);
        var demand = new Demand(
            new AskClass(terms.Evidence, AskClass.TierOf(model.Origin.Gas)),
            model.Origin.Gas,
            locked > beside ? locked - beside : UInt256.Zero,
            terms.Deadline - call.Block.Time - call.Block.Genesis.Market.AcceptSeconds,
            terms.MinReputation,
            terms.Provider.IsZero ? null : terms.Provider);
        var candidates = AskBook.Match(compute, demand, job, JobsParameters.MaxCandidates);
        if (locked < beside || candidates.Count == 0)
            throw JobsErrors.NoOffer(WhyNobody(compute, demand, job, locked, beside));
        return new JobPlan(candidates, model.Ownership.Owner, modelPrice, stipend);
    }

    private static string WhyNobody(NativeCall compute, Demand demand, ulong job, UInt256 locked, UInt256 beside)
    {
        var any = AskBook.Match(compute, demand with { MaxPrice = JobsParameters.MaxPayment }, job, most: 1);
        if (any.Count > 0)
            return $"the job costs {any[0].Price + beside} wei, and {locked} were sent";
        var standing = ComputeStorage.Asks(compute, demand.Class).Count;
        var kind = $"evidence {(byte)demand.Class.Evidence} in tier {demand.Class.Tier}";
        return standing == 0
            ? $"nobody asks for {kind}"
            : $"of the {standing} who ask for {kind} none can take it: by its new price's height, its answer time, reputation, free stake or free places";
    }
}
