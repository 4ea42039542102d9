using System.Diagnostics.CodeAnalysis;
using Aivm.Attestation;
using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>Intel's collateral that the chain holds, as evidence needs it. Any native contract may ask.</summary>
internal static class StoredCollateral
{
    public static Hash256 KeyOf(NativeCall call, CollateralSubject subject) => call.Keccak(subject.Encode());

    /// <summary>Every use pays for verifying the bundle, whatever a cache holds. Errors: <c>collateral-missing</c>, and those of <see cref="CollateralSubject"/>.</summary>
    public static bool TryLoad(
        NativeCall call, Evidence quote, [NotNullWhen(true)] out VerifiedCollateral? collateral, [NotNullWhen(false)] out Error? error)
    {
        collateral = null;
        if (!CollateralSubject.TryRead(quote, out var subject, out error))
            return false;
        var slots = AttestationsStorage.Collateral(call.On(SystemContracts.Attestations), KeyOf(call, subject));
        var hash = slots.Hash;
        if (hash.IsZero)
        {
            error = new Error("collateral-missing", "The chain holds no collateral about this family of platforms and its authority: store it (storeCollateral, or 'aivm attest store').");
            return false;
        }
        var bundle = call.State.GetBlob(hash);
        call.Charge((ulong)VerificationWork.OfCollateral(bundle.Length));
        return call.Context.Models.Collateral.TryVerify(hash, bundle, slots.Window.From, out collateral, out error);
    }
}
