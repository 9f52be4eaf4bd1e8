using Fota.Manifest.Reports;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Reports;

public sealed class ReportTests
{
    private readonly SoftwareKey _key = SoftwareKey.EcdsaP256();

    private static readonly DeviceReport s_report = new()
    {
        Device = "pump-0001",
        Product = ProductName.Parse("infusion-pump"),
        Deployment = "7-pump-0001",
        ManifestDigest = Sha256Digest.Of("manifest"u8),
        Sequence = new SequenceNumber(2),
        RunningVersion = ReleaseVersion.Parse("1.1.0"),
        Slot = 1,
        State = ReportState.RolledBack,
        Floor = new SecurityVersion(1),
        Time = DateTimeOffset.FromUnixTimeSeconds(1_790_000_000),
        Ordinal = 12,
        Nonce = new byte[16],
        Reason = RejectionReason.FailedBefore,
        Detail = "self-test: flow sensor",
    };

    [Test]
    public void A_signed_report_says_what_the_device_said()
    {
        DeviceReport read = Verify(Sign(s_report)).IsAccepted().Content;

        Assert.That(read with { Nonce = s_report.Nonce }, Is.EqualTo(s_report));
        Assert.That(read.Nonce.ToArray(), Is.EqualTo(s_report.Nonce.ToArray()));
    }

    [Test]
    public void Deferral_can_be_reported() =>
        Assert.That(Verify(Sign(s_report with { State = ReportState.Deferred, Reason = RejectionReason.GateClosed })).IsAccepted().Content.State, Is.EqualTo(ReportState.Deferred));

    [Test]
    public void A_report_without_deployment_keeps_it_absent() =>
        Assert.That(Verify(Sign(s_report with { Deployment = null, Detail = null })).IsAccepted().Content.Deployment, Is.Null);

    [TestCase(255, "\uD83D\uDE00")]
    [TestCase(3, "\uD83D")]
    [TestCase(3, "\uDE00 end")]
    [TestCase(400, "")]
    [TestCase(3, "\0 end")]
    public void P10_Detail_of_any_characters_and_length_can_be_reported(int before, string rest)
    {
        string detail = new string('x', before) + rest;

        string? read = Verify(Sign(s_report with { Detail = detail })).IsAccepted().Content.Detail;

        Assert.That(read, Has.Length.LessThanOrEqualTo(DeviceReport.MaxTextLength).And.StartsWith(new string('x', Math.Min(before, 255))));
    }

    [Test]
    public void Text_with_a_character_that_a_database_cannot_hold_is_refused() =>
        Verify(Sign(s_report with { Deployment = "7-pump\0-0001" })).IsRefusedFor(RejectionReason.Malformed);

    [Test]
    public void A44_Report_for_another_device_is_refused() =>
        VerifiedReport.Verify(Sign(s_report), _key.PublicKey, "pump-0002").IsRefusedFor(RejectionReason.ForeignReport);

    [Test]
    public void P9_Report_signed_by_another_key_is_refused() =>
        VerifiedReport.Verify(Sign(s_report), SoftwareKey.EcdsaP256().PublicKey, "pump-0001").IsRefusedFor(RejectionReason.SignatureInvalid);

    [Test]
    public void A23_Every_truncation_of_a_report_is_refused() => Refusal.EveryTruncation(Sign(s_report), b => Verify(b).IsAccepted(out _, out _));

    [Test]
    public void A23_Every_bit_flip_of_a_report_is_refused() => Refusal.EveryBitFlip(Sign(s_report), b => Verify(b).IsAccepted(out _, out _));

    [Test]
    public void State_outside_the_list_is_refused() => Verify(Sign(s_report with { State = (ReportState)8 })).IsRefusedFor(RejectionReason.ValueOutOfRange);

    [Test]
    public void Ordinal_zero_is_refused() => Verify(Sign(s_report with { Ordinal = 0 })).IsRefusedFor(RejectionReason.ValueOutOfRange);

    [Test]
    public void Nonce_of_another_length_is_refused() => Verify(Sign(s_report with { Nonce = new byte[15] })).IsRefusedFor(RejectionReason.ValueOutOfRange);

    [Test]
    public void A_key_that_signs_something_else_is_noticed_before_the_report_leaves() =>
        Assert.That(() => VerifiedReport.Sign(s_report, _key.PublicKey, _ => new byte[64]), Throws.TypeOf<RejectedException>());

    [Test]
    public void An_answer_round_trips()
    {
        CheckInAnswer answer = new(new Assignment("7-pump-0001", "infusion-pump/1.1.0/manifest.suit"), TimeSpan.FromSeconds(30))
        {
            Deltas = [new OfferedDelta(Sha256Digest.Of("base"u8), Sha256Digest.Of("pack"u8), 12_345)],
            Sources = [new ContentSource(new Uri("https://storage.example/fota/"), "sv=2025&sig=a%2Fb")],
        };

        Assert.That(CheckInAnswer.Decode(answer.Encode()).IsAccepted(), Is.EqualTo(answer));
    }

    [Test]
    public void An_answer_without_assignment_round_trips() =>
        Assert.That(CheckInAnswer.Decode(new CheckInAnswer(null, TimeSpan.FromSeconds(30)).Encode()).IsAccepted().Assignment, Is.Null);

    [TestCase("{", RejectionReason.Malformed)]
    [TestCase("[]", RejectionReason.Malformed)]
    [TestCase("{\"assignment\":null}", RejectionReason.MissingField)]
    [TestCase("{\"assignment\":null,\"deltas\":[{}],\"next_check_in_seconds\":60}", RejectionReason.MissingField)]
    [TestCase("{\"assignment\":null,\"deltas\":{},\"next_check_in_seconds\":60}", RejectionReason.Malformed)]
    [TestCase("{\"assignment\":null,\"deltas\":[{\"base\":\"00\",\"pack\":\"00\",\"size\":1}],\"next_check_in_seconds\":60}", RejectionReason.ValueOutOfRange)]
    [TestCase("{\"next_check_in_seconds\":60}", RejectionReason.MissingField)]
    [TestCase("{\"assignment\":null,\"next_check_in_seconds\":0}", RejectionReason.ValueOutOfRange)]
    [TestCase("{\"assignment\":null,\"next_check_in_seconds\":1e99}", RejectionReason.Malformed)]
    [TestCase("{\"assignment\":null,\"next_check_in_seconds\":9223372036854775807}", RejectionReason.ValueOutOfRange)]
    [TestCase("{\"assignment\":null,\"assignment\":null,\"next_check_in_seconds\":60}", RejectionReason.Malformed)]
    [TestCase("{\"assignment\":{\"deployment\":\"\",\"target\":\"x\"},\"next_check_in_seconds\":60}", RejectionReason.ValueOutOfRange)]
    [TestCase("{\"assignment\":{\"deployment\":7,\"target\":\"x\"},\"next_check_in_seconds\":60}", RejectionReason.Malformed)]
    public void P10_Hostile_answer_is_refused(string json, RejectionReason reason) =>
        CheckInAnswer.Decode(System.Text.Encoding.UTF8.GetBytes(json)).IsRefusedFor(reason);

    [TestCase("{\"address\":\"https://a/\"}")]
    [TestCase("{\"address\":\"http://a/\",\"query\":\"\"}")]
    [TestCase("{\"address\":\"https://a/b\",\"query\":\"\"}")]
    [TestCase("{\"address\":\"https://u:p@a/\",\"query\":\"\"}")]
    [TestCase("{\"address\":\"https://a/?b/\",\"query\":\"\"}")]
    [TestCase("{\"address\":\"https://a/\",\"query\":\"x#y\"}")]
    [TestCase("{\"address\":\"https://a/\",\"query\":\"x y\"}")]
    [TestCase("{\"address\":\"https://a/\",\"query\":7}")]
    [TestCase("{\"address\":[],\"query\":\"\"}")]
    [TestCase("\"https://a/\"")]
    [TestCase("null")]
    [Proves("C12")]
    public void Source_that_cannot_be_used_costs_that_source_and_not_the_assignment(string source)
    {
        CheckInAnswer answer = CheckInAnswer.Decode(System.Text.Encoding.UTF8.GetBytes(
            $"{{\"assignment\":{{\"deployment\":\"d\",\"target\":\"t\"}},\"sources\":[{source},{{\"address\":\"https://storage.example/fota/\",\"query\":\"k=1\"}}],\"next_check_in_seconds\":60}}")).IsAccepted();
        Assert.That((answer.Assignment, answer.Sources.Single()), Is.EqualTo((new Assignment("d", "t"), new ContentSource(new Uri("https://storage.example/fota/"), "k=1"))));
    }

    [TestCase("{}")]
    [TestCase("null")]
    [Proves("C12")]
    public void Sources_that_are_no_list_are_none(string sources) => Assert.That(
        CheckInAnswer.Decode(System.Text.Encoding.UTF8.GetBytes($"{{\"assignment\":null,\"sources\":{sources},\"next_check_in_seconds\":60}}")).IsAccepted().Sources,
        Is.Empty);

    private byte[] Sign(DeviceReport report) => VerifiedReport.Sign(report, _key.PublicKey, input => _key.Sign(input));

    private Verdict<VerifiedReport> Verify(byte[] bytes) => VerifiedReport.Verify(bytes, _key.PublicKey, "pump-0001");
}
