"""
Words that the gazetteers and the language model take for names although they seldom are.

Technical prose is full of them: over-redaction of "Will", "Reading" or "Pod" ruins retrieval.
An ambiguous first name still counts before a surname, an ambiguous town before its country.
"""


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


AMBIGUOUS_FIRST_NAMES = _words(
    """
    ada ai al alba alexa alpha amber ami an ana angel angle ann any april ara art ash asha
    athena august aura aurora austin bell ben bill blake bo bob boston brain brandy britt brook
    brooks bud buffy buster candy carry carter cash cassandra chan chance charity chase cherish
    cherry chi christian chuck clair clay cliff cody coral crystal dale dana dane dante dart
    darwin dawn dean deb dee del delta desire destiny diamond dick dion don dot drew earl
    earnest east echo ed eden elm else ember era ester ethyl eve fairy faith fay felicity fern
    flora forest foster france frank gale gay gem gene genesis georgia gil ginger glen golden
    grace grant guy ha hang happy harmony hazel heather herb holly honey hope houston hudson
    hung hunter in india indigo ira iris iron isis ivory ivy jack jade jan jasmine jean jenkins
    jewel jordan joy juan jude jules julia june jung karma kelvin ken kerry king kip kit lake
    lance lane lang lark laurel lavender le lee leo liberty lily link london long love lucky
    luna mac mae magic major man manual many margin maria marina marine mark marlin marry mars
    marvel mason maven max may maya melody mercy merle merlin merry mesa meta mi miles min mina
    ming mini minor mira miracle misty monty my na nan neon noble noel norm nova nu numbers ok
    olive omega opal oracle page paris parker pat patience pearl penny pepper pet ping piper
    port porter precious prince princess queen rain ray red reed regina rex rich rip river rob
    robin rocky rod roman rose rosy royal ruby rusty sage sam sandy santa savannah scarlet
    season see selenium serenity shade shadow shan shaun shell shiloh shin sid sierra silver sky
    so solomon son song soon spring star stark stella sterling stone storm su sue summer sun
    sunny sunshine ta tai tale tam taylor ted temple terra terry thu tiny tish tod tom tory
    tracer travis trinity troy trudy tuan ty tyler un usha val valentine valor van velvet vera
    verity vernon victor victory viola violet virgil virginia vita von wade walker ward wiley
    will willow winter worth yang yen yi young yu zona zone
    """
)
"""
First names that are also words, places or products.
"""

AMBIGUOUS_PLACES = _words(
    """
    agar alba ali alice allen alliance along ami anand anderson ann ans apex asha ath aurora
    bake bar barking bath bear bell bend best blackwood bo boom borne brandon bury butterfly buy
    carlos central chad charlotte clay cocoa cork corona crystal darwin date david deal delta
    enterprise evans fate federal fleet flora forest friend gap georgia goes golden grace
    granite green guinea hamilton harper harrison hayes ho holiday hook hub hudson independence
    iron jersey jordan kas kep keystone kos lamin lend lens liberty linden lod lucas male man
    manage march marks marshall martin martinez mathur matthews mentor metro midway mission
    mitchell mobile mol montgomery moss most much nan natal natural nice niger noma normal
    obligado of opportunity oral orange oss pa pace page paramount parker peer peine pen plaque
    police pop progress providence re reading regent republic reservoir rho rich richardson roy
    sake sale salt same san sanger say se semi shaping sharing show sig soma sparks speed split
    spring stains sterling summit superior surprise tara taylor time tours turkey un union unity
    university valence van vaso vera vista walker ware waterloo wedding wil wilson worms wright
    ye young
    """
)
"""
Towns and countries that are also words or people.
"""

TECHNICAL_TERMS = _words(
    """
    admin admission alpha annotation ansible apache api apis apiserver app apt auth autoscaling
    aws azure backend bazel beta bool boolean bug builtin cassandra cert cgroup cgroups
    checkpoint ci cli client cloud cloudflare cluster clusterrole cncf cni codec config
    configmap configmaps conformance consul container containerd contour controller coredns cpu
    crd crds cri criu cronjob csi csr curl daemon daemonset daemonsets dashboard debian default
    deployment deployments design docker dockerfile docs downstream drawback driver drone
    elastic elasticsearch endpoint endpoints endpointslice env envoy ephemeral etcd event
    eviction example feature fedora flag flannel flink fluentd flux gateway gce gcp gerrit git
    github gitlab gke goal goals golang google gpu gradle grafana graphql grpc gvisor hadoop
    harbor hashicorp helm hive hook hostname hpa http https hub hyperkube iam implementation
    ingress init instana iptables ipv ipvs istio jaeger java javascript jenkins jira job jobs
    json jupyter jvm jwt kafka kaniko kata keda kep keps kerberos kernel keycloak kind
    knative kops kotlin kube kubeadm kubeconfig kubectl kubeflow kubelet kubelets kubernetes
    kueue kustomization kustomize kvm label lambda lease linkerd linux loki lua mac macos
    manifest maven memcached metadata metric metrics microservice minikube minio mitigation
    mitigations mongo mongodb motivation mount mounts mutex mvp mysql namespace namespaces nats
    nfs nginx ngrok node nodeport nodes non-goals oauth observability oidc oomkill openapi
    openshift openssl openstack operator oracle overview owner packer pandas persistent pipeline
    plugin pod podman pods podsecurity policy posix postgres postgresql preemption prerelease
    probe production prometheus promql proposal proto protobuf provisioner proxy puppet pvc
    python pytorch qos quota rabbitmq rbac readiness redis regex registry release replica
    replicas replicaset replicasets repo risk risks rollback rollout route routes ruby runc rust
    saas sandbox scala scheduler scope scrape sdk secret secrets selector selenium selinux
    service serviceaccount services sidecar sig snapshot solr sonar spark spec spiffe spire
    splunk sqlite ssd ssh ssl stateful statefulset statefulsets status storage storageclass
    strimzi subresource summary swagger swarm systemd taint taints tcp tekton tenant terraform
    test testgrid tests thanos thread threads tls todo token toleration tolerations tomcat
    traefik trivy typescript ubuntu udp uid unix upgrade upstream uri url user vault velero
    virtualbox vitess vm vmware volume volumes vpa vpn webhook webhooks websocket windows
    workload workloads xml yaml zipkin zookeeper the a an of for in on to and ga io bucket
    allowlist denylist image images key keys
    """
)
"""
What the language model, trained on news, calls persons and places in documentation.
"""
