using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;
using Fota.Signer.Keys;
using Fota.Signer.Repository;

namespace Fota.Signer.Service;

/// <summary>
/// The keys that the service signs with: the online one, and of each product at most so many that a person's own key is still missing (P6). What counts is what the
/// tokens hold, not what the settings say of them.
/// </summary>
internal sealed class ServiceKeys : IDisposable
{
    private readonly SignerHost _host;
    private readonly HomeFolder _folder;
    private readonly Dictionary<string, OpenedKey> _opened;
    private readonly HashSet<VerificationKey> _reachable;
    private (long Root, long Targets)? _checked;

    private ServiceKeys(SignerHost host, HomeFolder folder, Dictionary<string, OpenedKey> opened)
    {
        _host = host;
        _folder = folder;
        _opened = opened;

        // Every key on every opened token counts, whatever its label.
        _reachable = [.. opened.Values.SelectMany(static key => key.Token.FindKeys()).Select(static key => key.PublicKey)];
    }

    /// <summary>Labels of the tokens that this process is logged in to.</summary>
    public IEnumerable<string> Tokens => _opened.Values.Select(static key => key.Token.Label).Distinct(StringComparer.Ordinal);

    /// <summary>The keys that were opened.</summary>
    public IEnumerable<OpenedKey> All => _opened.Values;

    /// <summary>Opens the keys of the home that are on tokens with a PIN.</summary>
    /// <param name="host">The world outside.</param>
    /// <param name="folder">The home.</param>
    /// <param name="pins">PIN files by token.</param>
    /// <exception cref="SignerRefusalException">This process would reach a threshold of a product's keys, or of the root's; or the online key is not among them.</exception>
    public static ServiceKeys Open(SignerHost host, HomeFolder folder, IReadOnlyDictionary<string, string> pins)
    {
        SignerSettings settings = folder.ReadSettings();
        ReachablePins.Demand(settings, [.. pins.Keys], host.Variable);
        DemandOnlyAuthoring(settings, pins.Keys, host.Variable);
        string online = settings.Roles.Timestamp.Keys[0];
        string[] wanted = [online, .. settings.Products.SelectMany(static product => product.Keys).Distinct(StringComparer.Ordinal).Where(label => pins.ContainsKey(settings.Key(label).Token))];
        Dictionary<string, OpenedKey> opened = new(StringComparer.Ordinal);
        try
        {
            foreach (string label in wanted)
            {
                string token = settings.Key(label).Token;
                opened[label] = OpenedKey.Open(host, folder, label, pins.TryGetValue(token, out string? file) ? file : throw new SignerRefusalException($"pins: wanted one for token '{token}', which has key '{label}', got none"));
            }

            ServiceKeys keys = new(host, folder, opened);
            keys.DemandBelowThresholds(settings);
            return keys;
        }
        catch
        {
            Dispose(opened);
            throw;
        }
    }

    /// <summary>The online key.</summary>
    public OpenedKey Online(SignerSettings settings) => Find(settings.Roles.Timestamp.Keys[0]) ?? throw new SignerRefusalException($"key '{settings.Roles.Timestamp.Keys[0]}' is not one that this service opened: start it again");

    /// <summary>The key of a product that the service authors with.</summary>
    public OpenedKey Author(SignerSettings settings, ProductName product) => settings.Product(product).Keys.Select(Find).FirstOrDefault(static key => key is not null)
        ?? throw new SignerRefusalException($"the service has no key of product {product}: wanted the PIN of one of {string.Join(", ", settings.Product(product).Keys)} in its settings");

    public void Dispose() => Dispose(_opened);

    private static void Dispose(Dictionary<string, OpenedKey> opened)
    {
        foreach (OpenedKey key in opened.Values)
        {
            key.Dispose();
        }
    }

    /// <summary>
    /// The tokens that a service may have are the online one and those of products' keys: a PIN of any other, in the settings or in the environment, would make more of
    /// whoever takes it over.
    /// </summary>
    private static void DemandOnlyAuthoring(SignerSettings settings, IEnumerable<string> pins, Func<string, string?> variable)
    {
        HashSet<string> allowed = new(settings.Products.SelectMany(static product => product.Keys).Append(settings.Roles.Timestamp.Keys[0]).Select(label => settings.Key(label).Token), StringComparer.Ordinal);
        IEnumerable<string> inEnvironment = settings.Keys.Select(static key => key.Token).Where(token => !string.IsNullOrEmpty(variable(PinSource.VariableOf(token))));
        if (pins.Concat(inEnvironment).FirstOrDefault(token => !allowed.Contains(token)) is { } foreign)
        {
            throw new SignerRefusalException($"the service has the PIN of token '{foreign}': wanted the online token and tokens of products' keys alone, in its settings and in its environment");
        }
    }

    /// <summary>
    /// Refuses when the opened tokens reach a threshold of a role as it is signed now. Asked again whenever root or targets changed: a change of roles may give a key that
    /// the service holds another role.
    /// </summary>
    public void DemandBelowThresholds(SignerSettings settings)
    {
        RepositoryFolder repository = new(_folder.Repository);
        RepositoryState state = repository.ReadState();
        if (_checked == (state.Root, state.Targets))
        {
            return;
        }

        RepositoryTrust trust = RepositoryTrust.Load(repository, state, _host.Clock.GetUtcNow());
        Demand("root", trust.Root.Root);
        Demand("targets", trust.Root.Targets);
        foreach (ProductSettings product in settings.Products)
        {
            Demand($"product {product.Name}", trust.Delegation(ProductName.Parse(product.Name)).Keys);
        }

        _checked = (state.Root, state.Targets);

        void Demand(string role, RoleKeys keys)
        {
            int held = keys.Keys.Count(_reachable.Contains);
            if (held >= keys.Threshold)
            {
                throw new SignerRefusalException($"this process can reach {held} keys of {role} on the tokens that it opened, and {keys.Threshold} make a threshold: the service may hold {keys.Threshold - 1} at most");
            }
        }
    }

    private OpenedKey? Find(string label) => _opened.GetValueOrDefault(label);
}
