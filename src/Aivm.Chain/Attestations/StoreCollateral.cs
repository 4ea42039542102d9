using Aivm.Attestation;
using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>
/// <c>storeCollateral(bytes bundle)</c>: verifies Intel's collateral at the block's time and keeps it, never in the place of newer. Anybody may: who signed it
/// counts, not who brings it.
/// </summary>
internal static class StoreCollateral
{
    /// <summary>Six times what real bundles have: every use of a stored one pays for its length.</summary>
    public const int MaxBytes = 128 << 10;

    public static byte[] Execute(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryReadBytes(out var bundle) || !arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(AttestationsAbi.StoreCollateral);
        if (bundle.Length > MaxBytes)
            throw AttestationsErrors.CollateralTooLong(bundle.Length, MaxBytes);
        call.Charge((ulong)VerificationWork.OfCollateral(bundle.Length));
        // Not through the cache: what is verified now has to be valid now.
        if (!VerifiedCollateral.TryVerify(bundle.ToArray(), EvidenceCheck.TimeOf(call), call.Context.Models.Collateral.Roots, out var collateral, out var error))
            throw AttestationsErrors.CollateralRefused(error);
        var key = StoredCollateral.KeyOf(call, collateral.Subject);
        var slots = AttestationsStorage.Collateral(call, key);
        RequireNewer(slots.Read(), collateral, bundle.Length, key);

        slots.Write(new CollateralRecord(call.StoreBlob(bundle), (uint)bundle.Length, collateral.Numbers, collateral.ValidFrom, collateral.ValidUntil));
        call.Log(
            AttestationsAbi.CollateralStored,
            AttestationsAbi.CollateralStored.BeginData()
                .WriteString(collateral.Kind.Name())
                .WriteBytes(collateral.Fmspc.Span)
                .WriteUInt((ulong)collateral.ValidFrom)
                .WriteUInt((ulong)collateral.ValidUntil),
            key);
        return AttestationsAbi.StoreCollateral.BeginReturn().WriteHash(key).ToArray();
    }

    /// <summary>
    /// Behind in nothing. Where it is ahead in nothing either, it is shorter and as long valid: so whoever pads a bundle to make others pay is undone by one call, and nobody
    /// ends what is stored sooner by an older certificate of the same signer.
    /// </summary>
    private static void RequireNewer(CollateralRecord stored, VerifiedCollateral collateral, int length, Hash256 key)
    {
        if (stored.Hash.IsZero)
            return;
        if (collateral.Numbers.IsBehind(stored.Numbers))
            throw AttestationsErrors.CollateralRefused(VerifiedCollateral.Rollback);
        if (collateral.Numbers == stored.Numbers && (length >= stored.Size || collateral.ValidUntil < stored.ValidUntil))
            throw AttestationsErrors.CollateralNotNewer(key);
    }
}
