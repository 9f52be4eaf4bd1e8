using Fota.Manifest.Log;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Log;

[Proves("L-10", "L-11")]
public sealed class LogEntryTests
{
    private const string Example =
        """{"actor":"approver","facts":{"manifest":"c14a"},"kind":"release.approved","number":17,"subject":"infusion-pump 1.2.0","time":"2026-11-26T15:21:27.123Z"}""";

    [Test]
    public void Entry_has_one_spelling()
    {
        LogEntry entry = LogEntry.Decode(System.Text.Encoding.UTF8.GetBytes(Example)).IsAccepted();
        Assert.That((entry.Number, entry.Kind, entry.Actor, entry.Subject, entry.Facts["manifest"]), Is.EqualTo((17, "release.approved", "approver", "infusion-pump 1.2.0", "c14a")));
        Assert.That(System.Text.Encoding.UTF8.GetString(entry.Encode()), Is.EqualTo(Example));
    }

    [Test]
    public void Text_of_people_is_kept_whatever_is_in_it()
    {
        LogEntry entry = LogEntry.Decode(System.Text.Encoding.UTF8.GetBytes(Example)).IsAccepted() with { Subject = "line\nfeed, \"quote\" and émoji \U0001F600" };
        Assert.That(LogEntry.Decode(entry.Encode()).IsAccepted().Subject, Is.EqualTo(entry.Subject));
    }

    [TestCase("\"number\":17", "\"number\":-1", RejectionReason.ValueOutOfRange)]
    [TestCase("\"number\":17", "\"number\":\"17\"", RejectionReason.WrongType)]
    [TestCase("\"number\":17,", "", RejectionReason.MissingField)]
    [TestCase("{\"actor\"", "{\"aa\":1,\"actor\"", RejectionReason.UnknownField)]
    [TestCase(".123Z", "Z", RejectionReason.ValueOutOfRange)]
    [TestCase("release.approved", "Release", RejectionReason.ValueOutOfRange)]
    [TestCase("release.approved", "release.", RejectionReason.ValueOutOfRange)]
    [TestCase("\"approver\"", "\"\"", RejectionReason.ValueOutOfRange)]
    [TestCase("\"infusion-pump 1.2.0\"", "\"\"", RejectionReason.ValueOutOfRange)]
    [TestCase("\"c14a\"", "5", RejectionReason.WrongType)]
    [TestCase("\"manifest\"", "\"Manifest\"", RejectionReason.ValueOutOfRange)]
    [TestCase(",\"kind\"", ", \"kind\"", RejectionReason.NotCanonical)]
    [TestCase("Z\"}", "Z\"} ", RejectionReason.NotCanonical)]
    [TestCase("Z\"}", "Z\"}{}", RejectionReason.TrailingData)]
    public void Entry_of_another_form_is_refused(string wanted, string got, RejectionReason reason) =>
        LogEntry.Decode(System.Text.Encoding.UTF8.GetBytes(Example.Replace(wanted, got, StringComparison.Ordinal))).IsRefusedFor(reason);

    [Test]
    public void Entry_beyond_the_limit_is_refused() => LogEntry.Decode(new byte[LogLimits.OwnEntryBytes + 1]).IsRefusedFor(RejectionReason.LimitExceeded);
}
