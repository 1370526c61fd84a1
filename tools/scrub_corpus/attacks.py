"""What got through, or was destroyed, when somebody tried: every attack that once succeeded, and its like."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from urllib.parse import quote

from scrub_corpus.cases import JSON, Case, aws, http
from scrub_corpus.values import Values, b64, b64url
from sealtape.interaction import Interaction

# fmt: off


def attacks(draw: Values) -> Iterator[Case]:
    """Yield secrets in places where nobody looks first, and look-alikes that nobody thinks of."""
    yield from _secrets(draw)
    yield from _look_alikes(draw)


def _planted(name: str, secret: str, *traffic: Interaction) -> Case:
    return Case(f"attack {name}", traffic, (secret,))


def _kept(name: str, *traffic: Interaction) -> Case:
    return Case(f"keep {name}", traffic)


def _txt(text: str | bytes, kind: str = "text/plain") -> Interaction:
    data = text.encode() if isinstance(text, str) else text
    return http(answer=data, answer_headers=(("Content-Type", kind),))


def _js(node: object) -> Interaction:
    return http(answer=json.dumps(node).encode())


def _secrets(draw: Values) -> Iterator[Case]:
    yield from _secrets_1(draw)
    yield from _secrets_2(draw)
    yield from _secrets_3(draw)
    yield from _secrets_4(draw)
    yield from _secrets_5(draw)
    yield from _secrets_6(draw)


def _secrets_1(draw: Values) -> Iterator[Case]:
    v=draw.plain_password()
    z=io.BytesIO()
    with zipfile.ZipFile(z,'w',zipfile.ZIP_DEFLATED) as f:
        f.writestr(zipfile.ZipInfo('.env'),f'DB_PASSWORD={v}\n')
    yield _planted('zip body',v,_txt(z.getvalue(),'application/zip'))
    yield _planted('zip lambda param',v,aws('lambda.UpdateFunctionCode',{'FunctionName':'f','ZipFile':z.getvalue()}))
    yield _planted('zip in base64 json',v,_js({'zip':b64(z.getvalue())}))
    v=draw.plain_password()
    yield _planted('md code',v,_txt(f'Use `password: {v}` to log in'))
    v=draw.plain_password()
    yield _planted('yaml list env',v,_txt(f'env:\n  - name: DB_PASSWORD\n    value: "{v}"\n  - name: X\n    value: y\n'))
    v=draw.plain_password()
    yield _planted('yaml list env unquoted',v,_txt(f'env:\n- name: API_TOKEN\n  value: {v}\n'))
    v=draw.plain_password()
    yield _planted('hcl',v,_txt(f'variable "db_password" {{\n  default = "{v}"\n}}\n'))
    v=draw.plain_password()
    yield _planted('dockerfile env',v,_txt(f'ENV DB_PASSWORD {v}\nENV X=1\n'))
    v=draw.plain_password()
    yield _planted('xml attr pair',v,_txt(f'<add key="ApiKey" value="{v}"/>','application/xml'))
    v=draw.plain_password()
    yield _planted('xml connstr',v,_txt(f'<add name="Default" connectionString="Server=db;User Id=sa;Password={v};"/>','application/xml'))
    v=draw.plain_password()
    yield _planted('java props spaces',v,_txt(f'db.password = {v}\n'))
    v=draw.plain_password()
    yield _planted('ansible',v,_txt(f'ansible_become_pass: {v}\nansible_ssh_pass: {v}\n'))
    v=draw.plain_password()
    yield _planted('wp',v,_txt(f"define('DB_PASSWORD', '{v}');"))
    v=draw.plain_password()
    yield _planted('ruby hash',v,_txt(f":password => '{v}', :user => 'x'"))
    v=draw.plain_password()
    yield _planted('go struct',v,_txt(f'Config{{User: "app", Password: "{v}"}}'))
    v=draw.plain_password()
    yield _planted('python repr',v,_txt(f"Settings(user='app', api_key=SecretStr('{v}'))"))
    v=draw.plain_password()
    yield _planted('header array',v,_js({'headers':[['Authorization','Bearer '+v]]}))
    v=draw.plain_password()
    yield _planted('headers dict',v,_js({'headers':{'x-api-key':v}}))


def _secrets_2(draw: Values) -> Iterator[Case]:
    v=draw.plain_password()
    yield _planted('header pairs list',v,_js({'headers':[{'name':'Authorization','value':'Bearer '+v}]}))
    v=draw.plain_password()
    yield _planted('postman',v,_js({'auth':{'type':'bearer','bearer':[{'key':'token','value':v,'type':'string'}]}}))
    v=draw.plain_password()
    yield _planted('postman basic',v,_js({'auth':{'type':'basic','basic':[{'key':'username','value':'u'},{'key':'password','value':v}]}}))
    v=draw.plain_password()
    yield _planted('url list',v,_js([f'https://u:{v}@h.example.com/x']))
    v=draw.plain_password()
    yield _planted('env export fish',v,_txt(f'set -x API_KEY {v}'))
    v=draw.plain_password()
    yield _planted('env setx',v,_txt(f'setx DB_PASSWORD "{v}"'))
    v=draw.plain_password()
    yield _planted('curl data',v,_txt(f'curl -d \'{{"password":"{v}"}}\' https://h'))
    v=draw.plain_password()
    yield _planted('curl form',v,_txt(f'curl --data "grant_type=password&password={v}" https://h'))
    v=draw.plain_password()
    yield _planted('smb',v,_txt(f'smbclient //h/s -U user%{v}'))
    v=draw.plain_password()
    yield _planted('jenkins credentials xml',v,_txt(f'<com.x.UsernamePasswordCredentialsImpl><username>u</username><password>{v}</password></com.x.UsernamePasswordCredentialsImpl>','application/xml'))
    v=draw.jwt()
    yield _planted('jwt query fragment',v,http(f'https://app.example.com/#id_token={v}&x=1'))
    v=draw.account()
    yield _planted('account int json sts',v,aws('sts.GetCallerIdentity',{},json.dumps({'Account':v,'Arn':f'arn:aws:iam::{v}:user/x'}).encode()),_js({'acct':int(v),'bucket':'logs'+v+'prod','dash':f'{v[:4]}-{v[4:8]}-{v[8:]}'}))
    v=draw.account()
    yield _planted('acct owner alias',v,aws('ec2.DescribeVpcs',{},f'<r><vpcSet><item><ownerId>{v}</ownerId></item></vpcSet></r>'.encode(),headers=(('Content-Type','text/xml'),),protocol='ec2'))
    v=draw.account()
    yield _planted('cloudfront log bucket arn policy',v,_js({'Policy':json.dumps({'Statement':[{'Principal':{'AWS':v}}]})}))
    v=draw.account()
    yield _planted('policy principal root',v,_js({'Principal':{'AWS':f'arn:aws:iam::{v}:root'}}))
    v=draw.account()
    yield _planted('sourceaccount cond',v,_js({'Condition':{'StringEquals':{'aws:SourceAccount':v}}}))
    v=draw.account()
    yield _planted('account env',v,_txt(f'AWS_ACCOUNT_ID={v}\n'))
    v=draw.account()
    yield _planted('account id words',v,_txt(f'Account ID: {v}'))


def _secrets_3(draw: Values) -> Iterator[Case]:
    v=draw.account()
    yield _planted('account slug host',v,http(f'https://{v}.ddb.eu-west-1.amazonaws.com/'))
    v=draw.account()
    yield _planted('ecr url in json http',v,_js({'image':f'{v}.dkr.ecr.us-east-1.amazonaws.com/a:b'}))
    v=draw.account()
    yield _planted('s3control host',v,http(f'https://{v}.s3-control.eu-west-1.amazonaws.com/v20180820/jobs'))
    v=draw.account()
    yield _planted('X-Amz-Account-Id',v,http(headers=(('x-amz-account-id',v),)))
    v=draw.account()
    yield _planted('codecommit/cdk role',v,_js({'role':f'cdk-hnb659fds-deploy-role-{v}-us-east-1'}))
    v=draw.account()
    yield _planted('json accountId',v,_js({'accountId':v}))
    v=draw.account()
    yield _planted('json account_id http',v,_js({'account_id':v,'size':481233210098}))
    v=draw.secret_key()
    yield _planted('csv creds',v,_txt(f'User name,Access key ID,Secret access key\njoe,{draw.key_id()},{v}\n','text/csv'))
    v=draw.secret_key()
    yield _planted('creds json lower',v,_js({'accessKeyId':draw.key_id(),'secretAccessKey':v}))
    v=draw.secret_key()
    yield _planted('boto call',v,_txt(f"boto3.client('s3', aws_access_key_id='{draw.key_id()}', aws_secret_access_key='{v}')"))
    v=draw.hex(64)
    yield _planted('secret hex env',v,_txt(f'SESSION_SECRET={v}\n'))
    v=draw.hex(32)
    yield _planted('dd env',v,_txt(f'DD_API_KEY={v}\n'))
    v=b64(draw.data(32))
    yield _planted('kms plaintext b64 json',v,_js({'Plaintext':v,'CiphertextBlob':b64(draw.data(60))}))
    v=draw.plain_password()
    yield _planted('rds modify xml',v,aws('rds.ModifyDBInstance',{'DBInstanceIdentifier':'d','MasterUserPassword':v}))
    v=draw.plain_password()
    yield _planted('ssm SendCommand',v,aws('ssm.SendCommand',{'InstanceIds':['i-0123456789abcdef0'],'DocumentName':'AWS-RunShellScript','Parameters':{'commands':[f'mysql -uroot -p{v} -e "select 1"']}}))
    v=draw.plain_password()
    yield _planted('ecs exec override',v,aws('ecs.RunTask',{'taskDefinition':'t','overrides':{'containerOverrides':[{'name':'c','environment':[{'name':'FOO','value':v}]}]}}))
    v=draw.plain_password()
    yield _planted('lambda update env',v,aws('lambda.UpdateFunctionConfiguration',{'FunctionName':'f','Environment':{'Variables':{'FOO':v}}}))
    v=draw.plain_password()
    yield _planted('userdata runinstances b64',v,aws('ec2.CreateLaunchTemplate',{'LaunchTemplateName':'t','LaunchTemplateData':{'UserData':b64(f'#!/bin/sh\necho root:{v} | chpasswd\n')}}))


def _secrets_4(draw: Values) -> Iterator[Case]:
    v=draw.person()
    yield _planted('mail json',v,_js({'user':{'email':v}}))
    v=draw.person()
    yield _planted('mail query',v,http('https://h.example.com/?email='+v.replace('@','%40')))
    v=draw.person()
    yield _planted('mail plus',v.replace('@','+x@'),_js({'to':v.replace('@','+x@')}))
    v=draw.person()
    yield _planted('mailto',v,_txt(f'<a href="mailto:{v}">x</a>','text/html'))
    v=draw.person()
    yield _planted('mail path',v,http(f'https://h.example.com/users/{v}/roles'))
    v=draw.person()
    yield _planted('mail commit',v,_txt(f'Author: Ada L <{v}>\nDate: x'))
    v=draw.public_address()
    yield _planted('ip json',v,_js({'publicIp':v,'sourceIPAddress':v}))
    v=draw.public_address()
    yield _planted('ip xff',v,http(headers=(('X-Forwarded-For',v+', 10.0.0.1'),)))
    v=draw.public_address()
    yield _planted('ip url',v,http(f'http://{v}:8080/x'))
    v=draw.public_address()
    yield _planted('ip url in text',v,_txt(f'see http://{v}/x'))
    v=draw.public_address()
    yield _planted('ip xml',v,_txt(f'<ipAddress>{v}</ipAddress>','application/xml'))
    v=draw.public_address()
    yield _planted('ip dns',v,_js({'name':f'ec2-{v.replace(".","-")}.compute-1.amazonaws.com','ip':v}))
    v=draw.public_address()
    yield _planted('ip comma list',v,_js({'allow':f'10.0.0.1,{v},192.168.0.1'}))
    v=draw.public_address()
    yield _planted('ip eq',v,_txt(f'src={v} dst=10.0.0.1'))
    v=draw.public_address()
    yield _planted('ip in range',v,_js({'cidr':f'{v}/24'}))
    v=draw.public_address()
    yield _planted('ip dash',v,_txt(f'{v} - - [31/Jan]'))
    v=draw.public_address()
    yield _planted('ip path',v,http(f'https://api.example.com/v1/ips/{v}'))
    v=draw.public_address_6()
    yield _planted('ip6 json',v,_js({'ipv6':v}))


def _secrets_5(draw: Values) -> Iterator[Case]:
    v=draw.public_address_6()
    yield _planted('ip6 cidr',v,_js({'ipv6':v+'/128'}))
    v=draw.alnum(32)
    yield _planted('graphql var',v,_js({'query':'mutation($token:String!){x}','variables':{'token':v}}))
    v=draw.alnum(43)
    yield _planted('oauth callback',v,http(f'https://app.example.com/callback?code={v}&state=abc'))
    v=draw.alnum(30)
    yield _planted('nested form bracket',v,http(body=f'user[password]={v}&user[name]=joe'.encode(),headers=(('Content-Type','application/x-www-form-urlencoded'),)))
    v=draw.alnum(26)
    yield _planted('cookie json',v,_js({'cookies':[{'name':'sessionid','value':v}]}))
    v=draw.alnum(26)
    yield _planted('link header token',v,http(answer_headers=(('Link',f'<https://h.example.com/x?access_token={v}>; rel="next"'),)))
    v=draw.alnum(26)
    yield _planted('set-cookie json header',v,_js({'Set-Cookie':f'sid={v}; Path=/'}))
    v=draw.alnum(26)
    yield _planted('failure',v,_js({'errorMessage':f"HTTPConnectionPool(host='h'): url: /x?api_key={v}&y=1 failed"}))
    v=draw.alnum(40)
    yield _planted('hmac body sig',v,_js({'signature':v}))
    v=draw.pem()
    yield _planted('pem b64',v.splitlines()[1],_js({'cert':b64(v)}))
    v=draw.pem('RSA ')
    yield _planted('pem crlf',v.splitlines()[1],_txt(v.replace('\n','\r\n')))
    v=draw.pem()
    yield _planted('pem one line spaces',v.splitlines()[1],_js({'k':v.replace('\n',' ')}))
    v=draw.pem()
    yield _planted('pem body only under name',v.splitlines()[1],_js({'privateKey':''.join(v.splitlines()[1:-1])}))
    v=draw.alnum(24)
    yield _planted('ppk',v,_txt(f'PuTTY-User-Key-File-2: ssh-rsa\nPrivate-Lines: 1\n{v}\nPrivate-MAC: {draw.hex(40)}\n'))
    v=draw.plain_password()
    yield _planted('latin1 body',v,_txt(f'caf\xe9 password={v}'.encode('latin-1')))
    v=draw.plain_password()
    yield _planted('bom json',v,http(answer=b'\xef\xbb\xbf'+json.dumps({'password':v}).encode()))
    v=draw.plain_password()
    yield _planted('utf16be',v,_txt(('\ufeff'+f'password={v} and more').encode('utf-16-be')))
    v=draw.plain_password()
    yield _planted('dup json keys',v,http(answer=f'{{"password":"{v}","password":"x"}}'.encode()))


def _secrets_6(draw: Values) -> Iterator[Case]:
    v=draw.plain_password()
    yield _planted('json5ish',v,_txt(f"{{password: '{v}', user: 'x'}}"))
    v=draw.plain_password()
    yield _planted('jsonp',v,_txt(f'/**/cb({{"password":"{v}"}})','application/javascript'))
    v=draw.plain_password()
    yield _planted('xssi',v,http(answer=(")]}',\n"+json.dumps({'password':v})).encode()))
    v=draw.plain_password()
    yield _planted('ndjson gz',v,http(answer=gzip.compress(f'{{"a":1}}\n{{"token":"{v}"}}\n'.encode()),answer_headers=(*JSON,('Content-Encoding','gzip'))))
    v=draw.plain_password()
    yield _planted('raw deflate',v,http(answer=zlib.compress(f'{{"token":"{v}"}}'.encode())[2:-4],answer_headers=(*JSON,('Content-Encoding','deflate'))))
    v=draw.person()
    c=zlib.compressobj(9,8,-15)
    raw=c.compress(f'<samlp:AuthnRequest><NameID>{v}</NameID></samlp:AuthnRequest>'.encode())+c.flush()
    yield _planted('saml redirect',v,http('https://idp.example.com/sso?SAMLRequest='+quote(b64(raw),safe='')))
    v=draw.plain_password()
    yield _planted('hex of json',v,_js({'d':json.dumps({'password':v}).encode().hex()}))
    v=draw.plain_password()
    yield _planted('quoted printable',v,_txt(f'password=3D{v}\n'))
    v=draw.alnum(22)
    yield _planted('base32-ish totp',v.upper(),_txt(f'otpauth://totp/x?secret={v.upper()}&issuer=y'))


def _look_alikes(draw: Values) -> Iterator[Case]:
    yield from _look_alikes_1(draw)
    yield from _look_alikes_2(draw)
    yield from _look_alikes_3(draw)
    yield from _look_alikes_4(draw)


def _look_alikes_1(draw: Values) -> Iterator[Case]:
    yield _kept('next in link',http(answer_headers=(('Link','<https://api.example.com/x?page_token=Cg9hN1FrMjlacDFtTmI4WGM2&limit=3>; rel="next"'),)))
    yield _kept('cursor uuid',_js({'next_cursor':'dXNlcjpVMDYxTkZUVDI=','starting_after':'cus_9s6XGDTHzA66Po'}))
    yield _kept('git tree',_js({'sha':draw.hex(40),'url':f'https://api.github.com/repos/o/r/git/trees/{draw.hex(40)}','node_id':'MDg6Q2hlY2tSdW40'}))
    yield _kept('npm lock',_js({'resolved':'https://registry.npmjs.org/a/-/a-1.0.0.tgz','integrity':'sha512-'+b64(draw.data(64))}))
    yield _kept('go sum',_txt(f'golang.org/x/text v0.3.0 h1:{b64(draw.data(32))}\n'))
    yield _kept('pip freeze',_txt('urllib3==2.0.4.1\ncryptography==41.0.3\npkg==1.22.33.44\n'))
    yield _kept('dotnet',_js({'version':'6.0.21.123','FileVersion':'10.0.19041.3636','assembly':'System.Data, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089'}))
    yield _kept('chrome ua',http(headers=(('User-Agent','Mozilla/5.0 AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36'),)))
    yield _kept('snmp',_js({'oid':'1.3.6.1.2.1.1.3.0','x':'.1.3.6.1'}))
    yield _kept('times',_js({'duration':'12:34:56','t':'2026:01:31 10:20:30','range':'10-20','ratio':'16:9'}))
    yield _kept('mac',_js({'mac':'0a:1b:2c:3d:4e:5f','mac2':'2a-1b-2c-3d-4e-5f','eui':'2001-0db8'}))
    yield _kept('dns doc',_js({'a':'192.0.2.1','b':'198.51.100.7','c':'203.0.113.200','d':'10.1.2.3','e':'172.31.9.1','f':'100.64.1.1','g':'127.0.0.53','h':'255.255.255.0','i':'224.0.0.251'}))
    yield _kept('ec2 ids',_js({'ReservationId':'r-0a1b2c3d4e5f60718','ImageId':'ami-0abcdef1234567890','KeyName':'my-key','VpcId':'vpc-0a1b2c3d'}))
    yield _kept('private dns',_js({'PrivateDnsName':'ip-10-0-1-23.eu-west-1.compute.internal'}))
    yield _kept('kms key arn no account',_js({'KeyId':'mrk-1234abcd12ab34cd56ef1234567890ab'}))
    yield _kept('lambda arn layer',_js({'x':'arn:aws:lambda:eu-west-1::runtime:'+draw.hex(64)}))
    yield _kept('acm',_js({'Serial':'0a:1b:2c:3d:4e:5f:60:71:82:93:a4:b5:c6:d7:e8:f9','Thumbprint':draw.hex(40)}))
    yield _kept('sig algo',_js({'SignatureAlgorithm':'SHA256WITHRSA','KeyAlgorithm':'RSA-2048','KeyUsages':['DIGITAL_SIGNATURE']}))
    yield _kept('jwks',_js({'keys':[{'kty':'EC','crv':'P-256','x':b64url(draw.data(32)),'y':b64url(draw.data(32)),'kid':draw.alnum(20)}]}))
    yield _kept('ssh known hosts',_txt('github.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl\n'))
    yield _kept('cert chain',_txt(draw.public_pem()+'\n'))
    yield _kept('sha in path',http(f'https://cdn.example.com/assets/app.{draw.hex(20)}.js?v={draw.hex(8)}'))


def _look_alikes_2(draw: Values) -> Iterator[Case]:
    yield _kept('s3 version',_js({'VersionId':draw.alnum(32),'ETag':f'"{draw.hex(32)}"','UploadId':draw.alnum(120)}))
    yield _kept('upload id query',http(f'https://b.s3.amazonaws.com/k?uploadId={draw.alnum(100)}&partNumber=3',method='PUT'))
    yield _kept('receipt handle http',_js({'ReceiptHandle':b64(draw.data(180)),'SequenceNumber':draw.text('0123456789',20)}))
    yield _kept('gcp page token',_js({'nextPageToken':b64url(draw.data(60)),'etag':'"'+b64(draw.data(12))+'"','syncToken':b64url(draw.data(30))}))
    yield _kept('openai response',_js({'id':'chatcmpl-'+draw.alnum(29),'object':'chat.completion','system_fingerprint':'fp_44709d6fcb','usage':{'prompt_tokens':9,'completion_tokens':12,'completion_tokens_details':{'reasoning_tokens':0}}}))
    yield _kept('stripe obj',_js({'id':'ch_'+draw.alnum(24),'balance_transaction':'txn_'+draw.alnum(24),'payment_method':'pm_'+draw.alnum(24),'fingerprint':draw.alnum(16),'created':1690000000}))
    yield _kept('slack msg',_js({'ok':True,'channel':'C024BE91L','ts':'1503435956.000247','message':{'bot_id':'B19LU7CSY','client_msg_id':draw.uuid()}}))
    yield _kept('github event',_js({'id':'12345678901','actor':{'gravatar_id':'','avatar_url':'https://avatars.githubusercontent.com/u/583231?v=4'},'created_at':'2026-01-31T10:20:30Z'}))
    yield _kept('k8s',_js({'metadata':{'uid':draw.uuid(),'resourceVersion':'481233210098','name':'web-7d4b9c6f5d-x2x9z','annotations':{'checksum/config':draw.hex(64)}}}))
    yield _kept('tf lock',_txt(f'hashes = [\n  "h1:{b64(draw.data(32))}",\n  "zh:{draw.hex(64)}",\n]\n'))
    yield _kept('html form',_txt('<form><label>Password</label><input type="password" name="password" placeholder="Your password"><button>Log in</button></form>','text/html'))
    yield _kept('openapi',_js({'components':{'securitySchemes':{'bearerAuth':{'type':'http','scheme':'bearer','bearerFormat':'JWT'}}},'paths':{'/login':{'post':{'requestBody':{'content':{'application/json':{'schema':{'properties':{'password':{'type':'string','format':'password'}}}}}}}}}}))
    yield _kept('docs code',_txt('export AWS_ACCESS_KEY_ID=AKIA'+'IOSFODNN7'+'EXAMPLE\nexport AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCY'+'EXAMPLEKEY\n'))
    yield _kept('readme',_txt('Set the `API_KEY` environment variable. The token is read from ~/.config/app/token.json. password: see vault.\n'))
    yield _kept('python src',_txt('def login(user, password=None, *, token: str = "") -> Token:\n    self.password = password\n    secret = hashlib.sha256(key).hexdigest()\n    token = request.headers["X-Token"]\n    api_key = settings.API_KEY\n'))
    yield _kept('js src',_txt('const password = process.env.DB_PASSWORD;\nlet apiKey = config.get("apiKey");\nconst { token, secret } = await fetchToken({ retries: 3 });\n'))
    yield _kept('sql',_txt("SELECT password_hash, token_count FROM users WHERE email = 'ada@example.com' AND created > '2026-01-31';"))
    yield _kept('i18n',_js({'password':'Password','token':'Token','login.password.label':'Password','errors.password.short':'Password too short'}))
    yield _kept('i18n2',_js({'password_label':'Enter your password','forgot_password':'Forgot your password?','secret':'Secret'}))
    yield _kept('form fields',_js({'fields':[{'name':'password','type':'password','value':''},{'name':'token','type':'hidden'}]}))
    yield _kept('iam policy',_js({'Version':'2012-10-17','Statement':[{'Effect':'Allow','Action':['secretsmanager:GetSecretValue','ssm:GetParameter'],'Resource':'*','Condition':{'StringEquals':{'aws:RequestedRegion':'eu-west-1'}}}]}))
    yield _kept('cw metrics',_js({'MetricDataResults':[{'Id':'m1','Timestamps':[1690000000],'Values':[481233210098.0,1.5]}]}))


def _look_alikes_3(draw: Values) -> Iterator[Case]:
    yield _kept('geo',_js({'lat':52.520008,'lng':13.404954,'coordinates':[13.404954,52.520008],'phone':'+49 30 901820'}))
    yield _kept('big ints',_js({'id':481233210098,'order':'481233210098','ean':'4006381333931','ts':202601311020,'size_bytes':999999999999}))
    yield _kept('dash digits',_js({'order':'4812-3321-0098','card_last4':'4242'}))
    yield _kept('base64 image',_js({'image':'data:image/png;base64,'+b64(b'\x89PNG\r\n\x1a\n'+draw.data(60)),'thumb':b64(b'\xff\xd8\xff'+draw.data(90))}))
    yield _kept('protobuf b64',_js({'payload':b64(draw.data(200)),'content-md5':b64(draw.data(16)),'crc':'yZRlqg=='}))
    yield _kept('at things',_js({'a':'@angular/core@17.0.1','b':'react@18.2.0','c':'user@host','d':'img@2x.png','e':'sha@sha256:'+draw.hex(64),'f':'@team/backend','g':'getty@tty1.service','h':'me@localhost'}))
    yield _kept('aws error',http(answer=b'<?xml version="1.0"?><Error><Code>InvalidAccessKeyId</Code><Message>The AWS Access Key Id you provided does not exist in our records.</Message><RequestId>4442587FB7D0A2F9</RequestId><HostId>'+b64(draw.data(57)).encode()+b'</HostId></Error>',answer_headers=(('Content-Type','application/xml'),)))
    yield _kept('expired token msg',_js({'__type':'ExpiredTokenException','message':'The security token included in the request is expired'}))
    yield _kept('code 404 etc',http('https://api.example.com/x?code=404&state=open&ticket=OPS-1234&t=1690000000'))
    yield _kept('key param',http('https://maps.example.com/?key=path/to/file.txt&sort_key=name&list-type=2&continuation-token=1ueGcxLPRx1TrXYExHnhbYLgveDs2J'))
    yield _kept('session fields http',_js({'session':{'id':'session-1','started':'2026-01-31'},'session_count':3,'sid':'42'}))
    yield _kept('auth fields',_js({'auth':'basic','authentication':'oauth2','auth_mode':'IAM','credential':'iam-role','credentials':'include','accessor':'read-only'}))
    yield _kept('uuid under secret-like weak',_js({'session_id':draw.uuid(),'ticket':draw.uuid(),'code':'E1001','otp':'required','pin':'pinned','routing_key':'orders.created.v1','license_key':'MIT','primary_key':'user_id','secondary_key':'created_at','assertion':'equals'}))
    yield _kept('dynamo keys',aws('dynamodb.Query',{'TableName':'t','KeyConditionExpression':'pk = :v','ExpressionAttributeValues':{':v':{'S':'user#42'}}},json.dumps({'Items':[{'pk':{'S':'user#42'},'version':{'N':'3'}}],'LastEvaluatedKey':{'pk':{'S':'user#41'}}}).encode()))
    yield _kept('multipart file png',http(body=b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n\x1a\n'+draw.data(500)+b'\r\n--b--\r\n',headers=(('Content-Type','multipart/form-data; boundary=b'),)))
    yield _kept('cookies prefs',http(headers=(('Cookie','theme=dark; lang=en-US; tz=Europe/Berlin; consent=yes'),)))
    yield _kept('csp',http(answer_headers=(('Content-Security-Policy',"default-src 'self'; script-src 'sha256-"+b64(draw.data(32))+"'"),('Report-To','{"group":"csp","max_age":10886400}'))))
    yield _kept('apt',_txt('Get:1 http://archive.ubuntu.com/ubuntu jammy/main amd64 libssl3 amd64 3.0.2-0ubuntu1.12 [1,905 kB]\n'))
    yield _kept('ps',_txt('root  1  0.0 0.1 /usr/bin/app --port 8080 -p /var/run/x.pid -u nobody -a -w 3 --token-ttl 3600 --password-file /run/secrets/db\n'))
    yield _kept('ssh -p',_txt('ssh -p 2222 -i key.pem deploy@host; tar -xpf a.tgz; mysql -P 3306 -u root; docker run -p 127.0.0.1:80:80 nginx; curl -u : https://h'))
    yield _kept('is words',_txt('The password is required. The token is expired. Your api key is invalid. The secret key is stored in vault-2.\n'))
    yield _kept('table header',_txt('name,password_set,token_count\nada,yes,12\nbob,no,3\n','text/csv'))


def _look_alikes_4(draw: Values) -> Iterator[Case]:
    yield _kept('csv words',_txt('token,count,share\nhello,12,0.5\nworld1234567,3,0.1\n','text/csv'))
