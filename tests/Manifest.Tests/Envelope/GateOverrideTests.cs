using Fota.Manifest.Envelope;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Envelope;

/// <summary>The gates that a release names: one list, one encoding, and none where there are none.</summary>
public sealed class GateOverrideTests
{
    [TestCase("power")]
    [TestCase("clinical-use,consent")]
    [TestCase("power,clinical-use,maintenance-window,consent,command")]
    [Proves("M-37")]
    public void Gates_that_are_written_are_read(string names)
    {
        GateOverride gates = GateOverride.Parse(names);
        UpdateManifest content = SampleRelease.Create(change: manifest => manifest with { GateOverride = gates }).Manifest;
        UpdateManifest read = SignedEnvelope.Decode(SignedEnvelope.Begin(content).Bytes.Span).OrThrow().UnverifiedContent().OrThrow();
        Assert.That(read, Is.EqualTo(content));
        Assert.That(read.GateOverride.ToString(), Is.EqualTo(names));
    }

    [Test]
    [Proves("M-37")]
    public void Release_without_gates_is_what_it_was_to_the_byte()
    {
        UpdateManifest content = SampleRelease.Create().Manifest;
        Assert.That(SignedEnvelope.Begin(content with { GateOverride = GateOverride.Of() }).Bytes.ToArray(), Is.EqualTo(SignedEnvelope.Begin(content).Bytes.ToArray()));
    }

    [Test]
    public void Order_and_repetition_make_no_difference() =>
        Assert.That(GateOverride.Of(GateKind.Consent, GateKind.Power, GateKind.Consent), Is.EqualTo(GateOverride.Parse("power,consent")));

    [TestCase("")]
    [TestCase("none")]
    [TestCase("power,power")]
    [TestCase("power, consent")]
    [TestCase("Power")]
    [TestCase("1")]
    public void P10_Names_that_are_no_gates_are_refused(string names) =>
        Assert.That(() => GateOverride.Parse(names), Throws.TypeOf<RejectedException>().With.Property(nameof(RejectedException.Rejection)).Property(nameof(Rejection.Reason)).EqualTo(RejectionReason.ValueOutOfRange));
}
