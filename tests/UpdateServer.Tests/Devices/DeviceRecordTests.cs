using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Devices;

internal sealed class DeviceRecordTests
{
    private static readonly VerificationKey s_key = SoftwareKey.EcdsaP256().PublicKey;

    private static IEnumerable<TestCaseData> Reports()
    {
        DeviceReport said = Said();
        (string What, DeviceReport Report)[] all =
        [
            ("nothing new", said with { Ordinal = 8, Nonce = new byte[DeviceReport.NonceSize], Time = DateTimeOffset.UnixEpoch.AddDays(1) }),
            ("version", said with { RunningVersion = ReleaseVersion.Parse("1.0.1") }),
            ("slot", said with { Slot = 1 }),
            ("floor", said with { Floor = new SecurityVersion(2) }),
            ("manifest", said with { ManifestDigest = Sha256Digest.Of("other"u8) }),
            ("deployment", said with { Deployment = "r1-1" }),
            ("reason", said with { Reason = RejectionReason.MetadataExpired }),
            ("detail", said with { Detail = "why" }),
            .. Enum.GetValues<ReportState>().Where(state => state is not ReportState.None && state != said.State).Select(state => ($"state {state}", said with { State = state })),
        ];
        return all.Select(static c => new TestCaseData(c.Report).SetArgDisplayNames(c.What));
    }

    [TestCaseSource(nameof(Reports))]
    public void A_report_says_the_same_again_exactly_if_the_record_after_it_would(DeviceReport report)
    {
        DeviceIdentity identity = new(Name("pump-0001"), report.Product, s_key);
        DeviceRecord before = DeviceRecord.After(null, identity, Said(), DateTimeOffset.UnixEpoch);
        Assert.That(before.IsSaidAgain(identity, report), Is.EqualTo(DeviceRecord.After(before, identity, report, DateTimeOffset.UnixEpoch.AddHours(1)).SaysTheSameAs(before)));
    }

    [Test]
    public void A_report_of_another_device_key_or_product_does_not_say_the_same_again()
    {
        DeviceReport said = Said();
        DeviceIdentity identity = new(Name("pump-0001"), said.Product, s_key);
        DeviceRecord before = DeviceRecord.After(null, identity, said, DateTimeOffset.UnixEpoch);
        Assert.Multiple(() =>
        {
            Assert.That(before.IsSaidAgain(identity, said), Is.True);
            Assert.That(before.IsSaidAgain(identity with { Device = Name("pump-0002") }, said), Is.False);
            Assert.That(before.IsSaidAgain(identity with { Key = SoftwareKey.EcdsaP256().PublicKey }, said), Is.False);
            Assert.That(before.IsSaidAgain(identity with { Product = ProductName.Parse("ventilator") }, said), Is.False);
        });
    }

    private static DeviceReport Said() => SampleReports.Of("pump-0001", ReportState.Idle, null, Sha256Digest.Of("factory"u8), 7);

    private static DeviceId Name(string text) => DeviceId.TryParse(text, out DeviceId? device) ? device : throw new ArgumentException("wanted a name", nameof(text));
}
