using Fota.Manifest.Envelope;
using Fota.Manifest.Metadata;
using Fota.Manifest.Suit;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Envelope;

/// <summary>What a release may hold beyond one image for both slots: an image for each, several components, a way from older versions.</summary>
public sealed class ComponentTests
{
    private static readonly SoftwareKey s_key = SoftwareKey.EcdsaP256();

    private static readonly UpdateManifest s_sole = SampleRelease.Create().Manifest;

    private static readonly UpdateManifest s_perSlot = SampleRelease.CreatePerSlot(SampleRelease.ImageOf("1.1.0", 9_000), SampleRelease.ImageOf("1.1.0", 9_500)).Manifest;

    private static readonly ComponentImages s_both = s_sole.Components[0].Images, s_each = s_perSlot.Components[0].Images;

    private static readonly UpdateManifest[] s_manifests =
    [
        s_sole,
        s_perSlot,
        s_perSlot with { DeviceId = NameBasedUuid.Vendor("one.example") },
        With(("00", s_both), ("01", s_both)),
        With(("01", s_each), ("00", s_both), ("02/ff", s_each)),
        s_sole with { InstallableFrom = VersionRange.Parse(">=1.0.0 <2") },
        With(("00", s_both), ("01", s_each)) with { InstallableFrom = VersionRange.Parse("=1"), Text = Text("one") },
        s_sole with { Text = Text("a first description\nin two lines") },
    ];

    [Proves("M-23", "M-31", "M-32", "M-33", "M-34")]
    [Test]
    public void Every_form_of_a_manifest_round_trips([Range(0, 7)] int form) => Assert.That(Verify(s_manifests[form]).IsAccepted().Content, Is.EqualTo(s_manifests[form]));

    [Proves("M-36")]
    [Test]
    public void A23_Every_bit_flip_of_a_manifest_with_everything_is_refused([Values(6)] int form) =>
        Refusal.EveryBitFlip(Sign(s_manifests[form]).Bytes.ToArray(), static bytes => SignedEnvelope.Decode(bytes).IsAccepted(out SignedEnvelope? envelope, out _) && Verify(envelope).IsAccepted(out _, out _));

    [Test]
    public void The_form_of_one_image_is_that_of_the_first_version_of_the_profile()
    {
        // The digest was made by another encoder, of the bytes that the profile's first version had.
        UpdateManifest manifest = (s_sole with
        {
            Sequence = new SequenceNumber(7),
            VendorId = new Guid("00010203-0405-0607-0809-0a0b0c0d0e0f"),
            ClassId = new Guid("10111213-1415-1617-1819-1a1b1c1d1e1f"),
        }).WithImage(static i => i with { ImageDigest = Sha256Digest.Of("i"u8), ImageSize = 10_000, PackUri = "packs/x", ChunkTableDigest = Sha256Digest.Of("t"u8), ChunkTableSize = 107 });

        Assert.That(Sha256Digest.Of(EnvelopeSurgery.ManifestOf(SignedEnvelope.Begin(manifest).Bytes.ToArray())).ToString(), Is.EqualTo("7b3bfe18a17f66e833a3c341847a1953804fd3e73227abc5aaa1a72c0c6d6122"));
    }

    [Proves("M-31")]
    [Test]
    public void An_image_for_each_slot_has_the_shape_of_the_drafts_example_3()
    {
        SuitManifest ours = Document(s_perSlot), theirs = SuitDocument.Decode(File.ReadAllBytes(VectorFolder.Require("suit/example3.signed.suit"))).IsAccepted().Manifest;

        Assert.That(Shape(Install(ours)), Is.EqualTo(Shape(Install(theirs))));
        Assert.That(Shape(ours.Common.SharedSequence!).Split(' ').Order(StringComparer.Ordinal), Is.EquivalentTo(Shape(theirs.Common.SharedSequence!).Split(' ')));
    }

    [Proves("M-32")]
    [Test]
    public void Components_are_listed_in_the_order_of_their_installation()
    {
        VerifiedManifest manifest = Verify(s_manifests[4]).IsAccepted();

        Assert.That(manifest.Images.Select(static image => $"{image.Component} {image.Slot}"), Is.EqualTo(new[] { "01 A", "01 B", "00 ", "02/ff A", "02/ff B" }));
        Assert.That(manifest.ImagesFor(ImageSlot.B).Select(static image => $"{image.Component} {image.Slot}"), Is.EqualTo(new[] { "01 B", "00 ", "02/ff B" }));
    }

    [Proves("M-23")]
    [Test]
    public void A_component_twice_is_refused() => Verify(With(("00", s_both), ("00", s_both))).IsRefusedFor(RejectionReason.ValueOutOfRange);

    [Proves("M-23")]
    [Test]
    public void Seventeen_components_are_refused() =>
        Verify(With([.. Enumerable.Range(0, 17).Select(static i => ($"{i:x2}", s_both))])).IsRefusedFor(RejectionReason.ValueOutOfRange);

    [Proves("M-23")]
    [Test]
    public void No_component_is_refused() => Verify(With()).IsRefusedFor(RejectionReason.ValueOutOfRange);

    [Proves("M-31")]
    [Test]
    public void A_manifest_with_an_image_for_slot_A_only_is_refused() =>
        Verify(Edit(s_perSlot, static manifest => manifest with { Common = manifest.Common with { SharedSequence = WithoutLastAlternative(manifest.Common.SharedSequence!) } }))
            .IsRefusedFor(RejectionReason.Unsupported);

    [Proves("M-31")]
    [Test]
    public void A17_An_image_for_a_slot_without_a_size_is_refused() =>
        Verify(Edit(s_perSlot, static manifest => manifest with
        {
            Common = manifest.Common with { SharedSequence = [.. manifest.Common.SharedSequence!.Select(static command => command is SuitCommand.TryEach each ? WithoutSize(each) : command)] },
        })).IsRefusedFor(RejectionReason.MissingField);

    [Proves("M-31")]
    [Test]
    public void Slot_two_is_refused() =>
        Verify(Edit(s_perSlot, static manifest => WithInstall(manifest, [new SuitCommand.Parameters(20, [new SuitParameter(5, new SuitValue.Number(2))]), .. Install(manifest)])))
            .IsRefusedFor(RejectionReason.ValueOutOfRange);

    [Proves("M-36")]
    [Test]
    public void A_condition_in_another_place_is_refused() =>
        Verify(Edit(s_sole, static manifest => manifest with { Common = manifest.Common with { SharedSequence = [.. manifest.Common.SharedSequence!.Reverse()] } }))
            .IsRefusedFor(RejectionReason.Unsupported);

    [Proves("M-36")]
    [Test]
    public void A_command_twice_is_refused() => Verify(Edit(s_sole, static manifest => WithInstall(manifest, [.. Install(manifest), Install(manifest)[^1]]))).IsRefusedFor(RejectionReason.Unsupported);

    [Proves("M-36")]
    [Test]
    public void Another_reporting_policy_is_refused() =>
        Verify(Edit(s_sole, static manifest => WithInstall(manifest, [.. Install(manifest).SkipLast(1), new SuitCommand.Plain(3, new SuitValue.Number(14))]))).IsRefusedFor(RejectionReason.Unsupported);

    [Proves("M-24")]
    [Test]
    public void Run_sequence_is_refused() => Verify(Edit(s_sole, static manifest => WithInstall(manifest, [new SuitCommand.RunSequence(32, Install(manifest))]))).IsRefusedFor(RejectionReason.Unsupported);

    [Proves("M-4")]
    [Test]
    public void Dependencies_are_refused() => Verify(Edit(s_sole, static manifest => manifest with { Common = manifest.Common with { Dependencies = [] } })).IsRefusedFor(RejectionReason.Unsupported);

    [Proves("M-24")]
    [Test]
    public void An_install_sequence_that_is_severed_is_refused() =>
        Verify(Edit(s_sole, static manifest => manifest with { Members = [.. manifest.Members.Select(static member => member.Number == 20 ? member with { Content = new SuitContent.Severed(new SuitDigest(-16, new byte[32])) } : member)] }))
            .IsRefusedFor(RejectionReason.Unsupported);

    [Proves("M-29")]
    [Test]
    public void Images_that_name_different_security_versions_are_refused()
    {
        IReadOnlyList<SuitCommand> install = Install(Document(s_perSlot)), other = Install(Document(s_perSlot with { SecurityVersion = new SecurityVersion(9) }));
        SuitCommand.TryEach mixed = new(15, [((SuitCommand.TryEach)install[0]).Alternatives[0], ((SuitCommand.TryEach)other[0]).Alternatives[1]]);

        Verify(Edit(s_perSlot, manifest => WithInstall(manifest, [mixed, .. install.Skip(1)]))).IsRefusedFor(RejectionReason.Unsupported);
    }

    [Proves("M-29", "M-37")]
    [Test]
    public void Images_that_name_different_gates_are_refused()
    {
        IReadOnlyList<SuitCommand> install = Install(Document(s_perSlot)), other = Install(Document(s_perSlot with { GateOverride = GateOverride.Of(GateKind.Power) }));
        SuitCommand.TryEach mixed = new(15, [((SuitCommand.TryEach)install[0]).Alternatives[0], ((SuitCommand.TryEach)other[0]).Alternatives[1]]);

        Verify(Edit(s_perSlot, manifest => WithInstall(manifest, [mixed, .. install.Skip(1)]))).IsRefusedFor(RejectionReason.Unsupported);
    }

    [Proves("M-33")]
    [Test]
    public void Nine_version_comparisons_are_refused() =>
        Verify(Edit(s_manifests[5], static manifest => WithInstall(manifest, [.. Enumerable.Repeat(Install(manifest).Take(2), 9).SelectMany(static pair => pair), .. Install(manifest).Skip(4)])))
            .IsRefusedFor(RejectionReason.LimitExceeded);

    [Proves("M-33")]
    [Test]
    public void A_version_parameter_that_nothing_compares_is_refused() =>
        Verify(Edit(s_manifests[5], static manifest => WithInstall(manifest, [.. Install(manifest).Take(1), .. Install(manifest).Skip(2)]))).IsRefusedFor(RejectionReason.Unsupported);

    private static UpdateManifest With(params (string Id, ComponentImages Images)[] components) =>
        s_sole with { Components = [.. components.Select(static component => new UpdateComponent(ComponentId.Parse(component.Id), component.Images))] };

    private static ReleaseText Text(string description) => ReleaseText.Of(new Dictionary<string, string>(StringComparer.Ordinal) { ["en"] = description, ["de"] = description });

    private static SuitManifest Document(UpdateManifest manifest) => SuitDocument.Decode(SignedEnvelope.Begin(manifest).Bytes.Span).IsAccepted().Manifest;

    private static IReadOnlyList<SuitCommand> Install(SuitManifest manifest) => ((SuitContent.Commands)manifest.Members.Single(static member => member.Number == 20).Content).Content;

    private static SuitManifest WithInstall(SuitManifest manifest, IReadOnlyList<SuitCommand> commands) =>
        manifest with { Members = [.. manifest.Members.Select(member => member.Number == 20 ? member with { Content = new SuitContent.Commands(commands) } : member)] };

    private static IReadOnlyList<SuitCommand> WithoutLastAlternative(IReadOnlyList<SuitCommand> commands) =>
        [.. commands.Select(static command => command is SuitCommand.TryEach each ? each with { Alternatives = [each.Alternatives[0]] } : command)];

    private static SuitCommand.TryEach WithoutSize(SuitCommand.TryEach each) => each with
    {
        Alternatives = [each.Alternatives[0], [.. each.Alternatives[1]!.SkipLast(1), new SuitCommand.Parameters(20, [((SuitCommand.Parameters)each.Alternatives[1]![^1]).Values[0]])]],
    };

    /// <summary>The numbers of commands and parameters, without their values; fetch arguments and device ids are ours to add.</summary>
    private static string Shape(IReadOnlyList<SuitCommand> commands) => string.Join(' ', commands.Select(static command => command switch
    {
        SuitCommand.Parameters parameters => $"set({string.Join(',', parameters.Values.Select(static value => value.Number).Where(static number => number != 25))})",
        SuitCommand.TryEach each => $"try[{string.Join('|', each.Alternatives.Select(static alternative => Shape(alternative!).Replace(' ', ';')))}]",
        _ => $"{command.Number}",
    }));

    private static byte[] Edit(UpdateManifest manifest, Func<SuitManifest, SuitManifest> edit) => EnvelopeSurgery.Sign(EnvelopeSurgery.Encode(edit(Document(manifest))), s_key);

    private static SignedEnvelope Sign(UpdateManifest manifest)
    {
        SignedEnvelope envelope = SignedEnvelope.Begin(manifest);
        return envelope.WithSignature(s_key.PublicKey, s_key.Sign(envelope.ToBeSigned(s_key.PublicKey)));
    }

    private static Verdict<VerifiedManifest> Verify(UpdateManifest manifest) => Verify(Sign(manifest));

    private static Verdict<VerifiedManifest> Verify(byte[] envelope) => Verify(SignedEnvelope.Decode(envelope).IsAccepted());

    private static Verdict<VerifiedManifest> Verify(SignedEnvelope envelope) => VerifiedManifest.Verify(envelope, ReleaseAnchors.Classical(new RoleKeys([s_key.PublicKey], 1)));
}
