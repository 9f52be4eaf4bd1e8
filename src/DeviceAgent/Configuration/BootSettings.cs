using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Boot.Variables;
using Fota.DeviceAgent.Slots;
using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent.Configuration;

/// <summary>Where the boot record is, and who says what runs: the member <c>boot</c> of agent.json. Without it the record is our own, and the bootloader leaves its facts beside it.</summary>
internal abstract record BootSettings
{
    /// <summary>The member's name.</summary>
    public const string Member = "boot";

    private const string DefaultCommandLine = "/proc/cmdline";

    private BootSettings()
    {
    }

    /// <summary>The record in files of the device's directory.</summary>
    public sealed record OwnRecord : BootSettings;

    /// <summary>The record among the variables of U-Boot or GRUB, which name the running slot on the kernel's command line.</summary>
    /// <param name="Environment">The variables.</param>
    /// <param name="CommandLine">File with the kernel's command line.</param>
    /// <param name="Anchors">Whose releases this device starts.</param>
    public sealed record InEnvironment(IBootEnvironment Environment, string CommandLine, RoleKeys Anchors) : BootSettings;

    /// <summary>Opens boot control, and proves what runs.</summary>
    /// <exception cref="DeviceStateException">What runs cannot be told, or is nothing that may run.</exception>
    /// <param name="settings">The device.</param>
    /// <param name="store">Small durable files.</param>
    /// <param name="counter">The security floor.</param>
    /// <param name="slots">The slots, where they are not files.</param>
    public IBootControl Open(AgentSettings settings, IDurableStore store, IRollbackCounter counter, ISlotReader? slots = null)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(counter);
        switch (this)
        {
            case OwnRecord:
                return new FileBootControl(store);
            case InEnvironment there:
                EnvironmentBootRecords records = new(there.Environment);
                ISlotReader held = slots ?? new FileSlotReader(settings.Directory, store, settings.Identity.Traits.SlotCapacity);
                SlotName running = KernelCommandLine.ReadSlot(File.ReadAllText(there.CommandLine));
                ReleaseAnchors anchors = ReleaseAnchors.Of(there.Anchors, settings.HashBased);
                BootFacts facts = VerifiedBootFacts.Establish(running, records, held, anchors, settings.Identity.Traits, counter.Read());
                facts.Write(store); // for whoever asks for the device's status
                return new BootControl(records, facts);
            default:
                throw new InvalidOperationException("Boot settings of a kind that does not exist.");
        }
    }

    /// <summary>The boot record alone.</summary>
    public IBootRecordStore Records(IDurableStore store) => this switch
    {
        OwnRecord => new BootRecordStore(store),
        InEnvironment there => new EnvironmentBootRecords(there.Environment),
        _ => throw new InvalidOperationException("Boot settings of a kind that does not exist."),
    };

    /// <summary>Which slot runs, as the bootloader says it, without a proof of what is in it.</summary>
    /// <exception cref="DeviceStateException">It says nothing readable.</exception>
    public SlotName Running(IDurableStore store) => this is InEnvironment there ? KernelCommandLine.ReadSlot(File.ReadAllText(there.CommandLine)) : BootFacts.Read(store).Running;

    internal static BootSettings Read(SettingsFile file)
    {
        if (!file.Has(Member))
        {
            return new OwnRecord();
        }

        SettingsFile boot = file.Section(Member);
        switch (boot.Text("loader"))
        {
            case "u-boot":
                boot.AllowOnly("loader", "fwEnvConfig", "commandLine", "anchors", "threshold");
                return new InEnvironment(new UBootEnvironmentFile(FwEnvConfig.Load(boot.FilePath("fwEnvConfig"))), CommandLineOf(boot), AnchorsOf(boot));
            case "grub":
                boot.AllowOnly("loader", "environmentBlock", "commandLine", "anchors", "threshold");
                return new InEnvironment(new GrubEnvironmentFile(boot.FilePath("environmentBlock")), CommandLineOf(boot), AnchorsOf(boot));
            default:
                throw boot.Wrong("loader", "\"u-boot\" or \"grub\"");
        }
    }

    private static string CommandLineOf(SettingsFile boot) => boot.Has("commandLine") ? boot.FilePath("commandLine") : DefaultCommandLine;

    private static RoleKeys AnchorsOf(SettingsFile boot)
    {
        try
        {
            return new RoleKeys(boot.FilePaths("anchors").Select(static pem => VerificationKey.FromPem(File.ReadAllText(pem))), (int)boot.Number("threshold", 1, 16));
        }
        catch (RejectedException e)
        {
            throw boot.Wrong("anchors", $"release keys (PEM) and a threshold that they can reach: {e.Rejection}");
        }
    }
}
