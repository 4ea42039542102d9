using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Aivm.Attestation;
using Aivm.Tests.Attestation.Fakes;

namespace Aivm.Tests.Attestation;

/// <summary>Collateral of a fake Intel: signatures over exact bytes, windows of time, lists of the revoked, numbers that only rise.</summary>
public sealed class IntelCollateralTests
{
    [Fact]
    public void Good_collateral_says_when_it_is_valid_and_how_new_it_is()
    {
        var good = new FakeCollateral();
        var verified = good.Verify();
        Assert.Equal((EvidenceKind.Tdx, good.Issued, good.NextUpdate), (verified.Kind, verified.ValidFrom, verified.ValidUntil));
        Assert.Equal(new CollateralNumbers(good.Issued, 17, good.Issued, 17, 3, 3, good.Issued, good.Issued), verified.Numbers);
    }

    [Theory]
    [InlineData("tcb_info", "tcb-info-signature")]
    [InlineData("qe_identity", "qe-identity-signature")]
    public void Documents_are_signed_to_the_byte(string document, string code)
    {
        void Edit(JsonObject bundle, Func<string, string> edit) => bundle[document] = edit((string)bundle[document]!);

        Assert.Equal(code, Refusal(new FakeCollateral { Tamper = bundle => Edit(bundle, text => text + " ") }));
        Assert.Equal(code, Refusal(new FakeCollateral { Tamper = bundle => Edit(bundle, text => text.Replace(",", ", ")) }));
        Assert.Equal(code, Refusal(new FakeCollateral { Tamper = bundle => Edit(bundle, text => text.Replace("UpToDate", "UpToDatf")) }));
        Assert.Equal(code, Refusal(new FakeCollateral { Tamper = bundle => bundle[$"{document}_signature"] = bundle[document == "tcb_info" ? "qe_identity_signature" : "tcb_info_signature"]!.DeepClone() }));
    }

    [Theory]
    [InlineData("issueDate", "2025-06-14 00:00:00Z")]
    [InlineData("issueDate", "2025-02-30T00:00:00Z")]
    [InlineData("version", 2)]
    [InlineData("tcbType", 1)]
    [InlineData("fmspc", "00906EA1")]
    [InlineData("id", "TDY")]
    [InlineData("tcbLevels", 7)]
    [InlineData("tcbEvaluationDataNumber", -1)]
    public void A_document_of_another_form_is_refused_although_it_is_signed(string member, object value)
    {
        JsonObject Edit(string name, JsonObject document)
        {
            if (name == "tcb_info")
                document[member] = value is int number ? number : (string)value;
            return document;
        }

        Assert.Contains(Refusal(new FakeCollateral { Edit = Edit }), new[] { "tcb-info-malformed", "tcb-info-version" });
    }

    [Fact]
    public void A_status_that_Intel_has_not_named_is_refused() =>
        Assert.Equal("tcb-info-malformed", Refusal(new FakeCollateral { Levels = [new("Fine", 5)] }));

    [Fact]
    public void Duplicate_members_are_refused()
    {
        var bundle = Encoding.UTF8.GetString(new FakeCollateral().Bundle());
        var twice = bundle.Replace("{\"pck_crl_issuer_chain\"", "{\"tcb_info\":\"{}\",\"pck_crl_issuer_chain\"");
        Assert.False(VerifiedCollateral.TryVerify(Encoding.UTF8.GetBytes(twice), FakeTime.Now, out _, out var error));
        Assert.Equal("collateral-malformed", error.Code);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("nothing")]
    [InlineData("{\"root_ca_crl\":\"0\"}")]
    [InlineData("{\"root_ca_crl\":\"\\ud800\"}")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("{\"\\ud800\":1,\"\\ud800\":2}")]
    [InlineData("{\"other\":{\"\\udc00\":1}}")]
    [InlineData("{\"root_ca_crl\":\"\u00FF\"}")]
    [InlineData("{\"\u00FF\":1}")]
    public void A_bundle_of_another_form_is_refused(string bundle)
    {
        // In Latin-1, so that bytes are among them which are not UTF-8.
        Assert.False(VerifiedCollateral.TryVerify(Encoding.Latin1.GetBytes(bundle), FakeTime.Now, out _, out var error));
        Assert.Equal("collateral-malformed", error.Code);
    }

    [Fact]
    public void SGX_and_TDX_do_not_mix()
    {
        Assert.Equal("collateral-kind", Refusal(new FakeCollateral { QeIdentityId = "QE" }));
        Assert.Equal("collateral-kind", Refusal(new FakeCollateral { Kind = EvidenceKind.Sgx, QeIdentityId = "TD_QE" }));
        Assert.Equal("collateral-kind", Verdicts.Refusal(FakeQuote.Tdx4, new FakeCollateral { Kind = EvidenceKind.Sgx }));
        Assert.Equal("collateral-kind", Verdicts.Refusal(FakeQuote.Sgx, new FakeCollateral()));
    }

    [Fact]
    public void Revocation_lists_stand_in_their_places()
    {
        var (root, pck) = (FakeRoots.Intel.RevocationList(FakeTime.Now, FakeTime.Now + 9, 3), FakePlatform.Authority.RevocationList(FakeTime.Now, FakeTime.Now + 9, 3));
        Assert.Equal("crl-issuer", Refusal(new FakeCollateral { PckCrl = root }));
        Assert.Equal("crl-issuer", Refusal(new FakeCollateral { RootCrl = pck }));
        var impostor = new FakeAuthority(FakePlatform.AuthoritySpec with { Key = FakeRoots.P256() }, HashAlgorithmName.SHA256);
        Assert.Equal("crl-signature", Refusal(new FakeCollateral { PckCrl = impostor.RevocationList(FakeTime.Now, FakeTime.Now + 9, 3) }));
    }

    [Fact]
    public void A_revocation_list_is_DER_to_its_last_byte()
    {
        var list = FakePlatform.Authority.RevocationList(FakeTime.Now, FakeTime.Now + 9, 3);
        Assert.Equal("crl-malformed", Refusal(new FakeCollateral { PckCrl = [.. list, 0] }));
        for (var at = 0; at < list.Length; at++)
            Assert.NotNull(Refusal(new FakeCollateral { PckCrl = Verdicts.Flipped(list, at) }));
    }

    [Fact]
    public void The_authority_and_the_signer_can_be_revoked()
    {
        byte[] Revoking(byte serial) => FakeRoots.Intel.RevocationList(FakeTime.Now, FakeTime.Now + 9, 3, [serial]);

        Assert.Equal("certificate-revoked", Refusal(new FakeCollateral { RootCrl = Revoking(0x21) }));
        Assert.Equal("certificate-revoked", Refusal(new FakeCollateral { RootCrl = Revoking(0x41) }));
        Assert.Null(Refusal(new FakeCollateral { RootCrl = Revoking(0x51) }));
    }

    [Fact]
    public void Only_Intels_signer_signs_documents()
    {
        var signer = new FakeCollateral().Signer;
        Assert.Equal("certificate-name", Refusal(new FakeCollateral { Signer = signer with { CommonName = "Intel SGX PCK Certificate" } }));
        Assert.Equal("certificate-authority", Refusal(new FakeCollateral { Signer = signer.AsAuthority() }));
        Assert.Equal("key-curve", Refusal(new FakeCollateral { Signer = signer with { Key = FakeRoots.P384() }, Tamper = Shorten }));
        var below = FakeAuthority.Pem(FakePlatform.Authority.Issue(signer), FakeRoots.Intel.SelfSigned());
        Assert.Equal("certificate-missing-issuer", Refusal(new FakeCollateral { SignerChain = below }));
        Assert.Equal("certificate-chain", Refusal(new FakeCollateral { SignerChain = FakeAuthority.Pem(FakeRoots.Intel.Issue(signer)) }));
        var platform = FakeAuthority.Pem(new FakePlatform().Certificate, FakeRoots.Intel.SelfSigned());
        Assert.Equal("certificate-name", Refusal(new FakeCollateral { SignerChain = platform }));
    }

    private static void Shorten(JsonObject bundle)
    {
        foreach (var name in new[] { "tcb_info_signature", "qe_identity_signature" })
            bundle[name] = ((string)bundle[name]!)[..128];
    }

    [Fact]
    public void Only_Intels_authorities_certify_platforms()
    {
        var other = FakeRoots.Intel.Issue(FakePlatform.AuthoritySpec with { CommonName = "Intel SGX Other CA" });
        Assert.Equal("certificate-name", Refusal(new FakeCollateral { PckCrlChain = FakeAuthority.Pem(other, FakeRoots.Intel.SelfSigned()) }));
        var leaf = FakeRoots.Intel.Issue(FakePlatform.AuthoritySpec with { IsAuthority = false, PathLength = null });
        Assert.Equal("certificate-issuer", Refusal(new FakeCollateral { PckCrlChain = FakeAuthority.Pem(leaf, FakeRoots.Intel.SelfSigned()) }));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1)]
    public void Both_ends_of_the_window_belong_to_it(long offset)
    {
        var collateral = new FakeCollateral();
        var (first, last) = (collateral.Issued + offset, collateral.NextUpdate + offset);
        Assert.Equal(offset < 0 ? "crl-not-yet-valid" : null, Refusal(collateral, first));
        Assert.Equal(offset > 0 ? "crl-expired" : null, Refusal(collateral, last));
        // As a chain has it: verified once, looked at again when a quote comes.
        var stored = collateral.Verify();
        Assert.Equal(offset < 0 ? "collateral-not-yet-valid" : null, Verdicts.Refusal(FakeQuote.Tdx4.Encode(), stored, first));
        Assert.Equal(offset > 0 ? "collateral-expired" : null, Verdicts.Refusal(FakeQuote.Tdx4.Encode(), stored, last));
    }

    [Theory]
    [InlineData("tcb_info", "issueDate", 1, "tcb-info-not-yet-valid")]
    [InlineData("tcb_info", "issueDate", 0, null)]
    [InlineData("tcb_info", "nextUpdate", -1, "tcb-info-expired")]
    [InlineData("tcb_info", "nextUpdate", 0, null)]
    [InlineData("qe_identity", "issueDate", 1, "qe-identity-not-yet-valid")]
    [InlineData("qe_identity", "issueDate", 0, null)]
    [InlineData("qe_identity", "nextUpdate", -1, "qe-identity-expired")]
    [InlineData("qe_identity", "nextUpdate", 0, null)]
    public void Each_document_has_its_window(string document, string bound, long offset, string? code)
    {
        JsonObject Edit(string name, JsonObject json)
        {
            if (name == document)
                json[bound] = FakeTime.Iso(FakeTime.Now + offset);
            return json;
        }

        Assert.Equal(code, Refusal(new FakeCollateral { Edit = Edit }));
    }

    [Theory]
    [InlineData(true, 1, 9, "crl-not-yet-valid")]
    [InlineData(false, 1, 9, "crl-not-yet-valid")]
    [InlineData(true, -9, -1, "crl-expired")]
    [InlineData(false, -9, -1, "crl-expired")]
    [InlineData(false, -9, 0, null)]
    [InlineData(false, 0, 9, null)]
    public void Each_list_has_its_window(bool root, long from, long until, string? code)
    {
        var list = (root ? FakeRoots.Intel : FakePlatform.Authority).RevocationList(FakeTime.Now + from, FakeTime.Now + until, 3);
        Assert.Equal(code, Refusal(root ? new FakeCollateral { RootCrl = list } : new FakeCollateral { PckCrl = list }));
    }

    [Fact]
    public void Stored_collateral_is_replaced_by_what_is_nowhere_older()
    {
        var stored = new FakeCollateral();
        Assert.Null(Replacing(stored, stored));
        Assert.Null(Replacing(stored, stored with { EvaluationNumber = 18, CrlNumber = 4, Issued = stored.Issued + 5 }));
        Assert.Equal("collateral-rollback", Replacing(stored, stored with { EvaluationNumber = 16, Issued = stored.Issued + 5 }));
        Assert.Equal("collateral-rollback", Replacing(stored, stored with { Issued = stored.Issued - 1 }));
        Assert.Equal("collateral-rollback", Replacing(stored, stored with { CrlNumber = 2, Issued = stored.Issued + 5 }));
        Assert.Equal("collateral-other", Replacing(stored, stored with { Platform = new FakePlatform { Fmspc = [9, 9, 9, 9, 9, 9] } }));
        Assert.Equal("collateral-other", Replacing(stored, stored with { Kind = EvidenceKind.Sgx }));
    }

    /// <summary>Intel's lists are all of the number 1: only their times tell them apart.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_list_of_the_same_number_is_replaced_by_a_later_one_alone(bool root)
    {
        var (authority, from) = (root ? FakeRoots.Intel : FakePlatform.Authority, FakeTime.Now - FakeTime.Day);

        FakeCollateral With(long issued, params byte[][] revoked)
        {
            var list = authority.RevocationList(issued, FakeTime.Now + FakeTime.Day, 1, revoked);
            return root ? new FakeCollateral { CrlNumber = 1, RootCrl = list } : new FakeCollateral { CrlNumber = 1, PckCrl = list };
        }

        var (earlier, later) = (With(from), With(from + 1, [0x51]));
        Assert.Equal("collateral-rollback", Replacing(later, earlier));
        Assert.Null(Replacing(earlier, later));
        Assert.Null(Replacing(later, With(from + 1)));
    }

    private static string? Replacing(FakeCollateral stored, FakeCollateral next) =>
        next.Verify().TryReplace(stored.Verify(), out var error) ? null : error.Code;

    private static string? Refusal(FakeCollateral collateral, long at = FakeTime.Now) =>
        Refused.Catch(() => VerifiedCollateral.Verify(collateral.Bundle(), at, FakeRoots.All), out _, out var error) ? null : error.Code;
}
